"""What distilling a data set is expected to gain, from a study of others."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medjax import evaluate
from medjax.study.indicator.measuring import Measured
from medjax.study.indicator.names import PRIMARY
from medjax.study.predict.outcomes import Outcome, outcomes_of, recovery
from medjax.study.predict.residuals import (
    Line,
    fit_line,
    left_out_predictions,
    mean_error,
    prediction_margin,
)
from medjax.study.predict.verdicts import FEWEST_TO_JUDGE, is_known
from medjax.study.statistics.summaries import is_distilled
from medjax.study.table.rows import Row

NEAREST = 5
"""Data sets with the nearest slope, which count as sets like the one in question."""


class Alike(NamedTuple):
    """A data set of the study whose slope is near.

    Attributes:
      dataset: its name.
      slope: its primary indicator.
      gain: what distilling gained there, in points.
      residual: that gain minus what the sets of other families predict for it.
      verdict: of the gain over the best random images, see ``evaluate.verdict``; "cannot tell" of
        a set without a val split, which has no best ones.
    """

    dataset: str
    slope: float
    gain: float
    residual: float
    verdict: str


class Forecast(NamedTuple):
    """What a method is expected to do.

    Attributes:
      method, ipc: what would be distilled.
      gain: expected points over random images.
      recovery: expected chance-corrected recovery in percent.
      score: expected score, 0–1.
      error: mean absolute error of such predictions, of each set of the study from other families,
        in points.
      margin: half width of a 95 % prediction interval of the gain; NaN for fewer than 19 sets.
      by: what predicts, ``slope``, or ``mean gain`` where the slope had no smaller error.
      sets: number of data sets of the study that it rests on.
      alike: the nearest ones.
      seconds: median seconds of distilling them; NaN if none was timed.
    """

    method: str
    ipc: int
    gain: float
    recovery: float
    score: float
    error: float
    margin: float
    by: str
    sets: int
    alike: tuple[Alike, ...]
    seconds: float

    @property
    def judged(self) -> int:
        """The number of sets like it that can tell: they have several seeds, and a val split."""
        return sum(one.verdict != "cannot tell" for one in self.alike)

    @property
    def wins(self) -> int:
        """The number of sets like it on which the method beats the best random images."""
        return sum(one.verdict == "beats" for one in self.alike)

    @property
    def is_worth_it(self) -> bool:
        """Whether a gain is expected, and was shown on most of the sets like it."""
        return self.gain > 0 and 2 * self.wins > len(self.alike)

    @property
    def is_futile(self) -> bool:
        """Whether no gain is expected, or the method is below them on most of the sets like it."""
        losses = sum(one.verdict == "is below" for one in self.alike)
        return self.gain <= 0 or 2 * losses > len(self.alike)


def forecasts(
    measured: Mapping[int, Measured], rows: Iterable[Row], *, dataset: str
) -> list[Forecast]:
    """Predicts the gain of every method of a study.

    Args:
      measured: what was measured of the data set, by images per class.
      rows: the rows of the study's table.
      dataset: the name of the data set, whose own rows do not count.

    Returns:
      A forecast for each method and ipc of which the table has three data sets or more with the
      primary indicator, in the order of the table.
    """
    others = [row for row in rows if row.dataset != dataset]
    # Only the first network of the study is the one that was measured.
    names = (row.method for row in others if is_distilled(row.method) and "@" not in row.method)
    methods = dict.fromkeys(names)
    found = []
    for ipc, own in measured.items():
        for method in methods:
            chosen = outcomes_of(others, method=method, ipc=ipc)
            chosen = [one for one in chosen if is_known(one, PRIMARY)]
            if len(chosen) >= FEWEST_TO_JUDGE:
                found.append(_forecast(own, chosen, method, ipc))
    return found


def recommended(found: Sequence[Forecast]) -> Forecast | None:
    """Returns the forecast with the highest expected score among those that are worth it.

    Args:
      found: from ``forecasts``.

    Returns:
      The forecast; ``None`` if there is none.

    Example:
      >>> recommended([]) is None
      True
    """
    worth = [one for one in found if one.is_worth_it]
    return max(worth, key=lambda one: one.score) if worth else None


def _forecast(own: Measured, outcomes: Sequence[Outcome], method: str, ipc: int) -> Forecast:
    slopes = np.array([one.indicators[PRIMARY] for one in outcomes])
    gains = np.array([one.gain.mean for one in outcomes])
    left_out = _left_out(outcomes)
    of_line, of_mean = (gains - left_out_predictions(x, gains, left_out) for x in (slopes, None))
    by_slope = mean_error(of_line) < mean_error(of_mean)
    residuals = of_line if by_slope else of_mean
    line = fit_line(slopes, gains) if by_slope else Line(float(gains.mean()), 0.0)
    gain = line.at(own.values[PRIMARY])
    nearest = np.argsort(np.abs(slopes - own.values[PRIMARY]), kind="stable")[:NEAREST]
    times = [outcomes[i].seconds for i in nearest if not math.isnan(outcomes[i].seconds)]
    score = own.random + gain / 100
    return Forecast(
        method,
        ipc,
        gain=gain,
        recovery=recovery(score, whole=own.whole, chance=own.chance),
        score=score,
        error=mean_error(residuals),
        margin=prediction_margin(residuals),
        by=PRIMARY if by_slope else "mean gain",
        sets=len(outcomes),
        alike=tuple(_alike(outcomes[i], float(residuals[i])) for i in nearest),
        seconds=float(np.median(times)) if times else math.nan,
    )


def _left_out(outcomes: Sequence[Outcome]) -> list[str]:
    """Returns what is left out at once: a family, because the set in question is of a new one."""
    families = [one.family for one in outcomes]
    return families if len(set(families)) > 1 else [one.dataset for one in outcomes]


def _alike(outcome: Outcome, residual: float) -> Alike:
    verdict = "cannot tell" if outcome.over_best is None else evaluate.verdict(outcome.over_best)
    slope = outcome.indicators[PRIMARY]
    return Alike(outcome.dataset, slope, outcome.gain.mean, residual, verdict)
