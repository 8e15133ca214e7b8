"""What distilling gained on each data set of a study, beside the indicators measured before."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from medjax import evaluate
from medjax.study import tasks
from medjax.study.indicator.names import CHANCE, INDICATOR
from medjax.study.statistics import summaries
from medjax.study.table.rows import Row

_PERCENT = 100


class Outcome(NamedTuple):
    """A data set of a study.

    Attributes:
      dataset: its name.
      family: see ``tasks.family_of``.
      indicators: what was measured before, by name.
      random: mean test score of networks on random images, 0–1.
      distilled: mean test score of networks on distilled images, 0–1.
      whole: that on all images, as they are or with balanced classes, whichever is better on val.
      chance: the score of guessing, 0–1.
      gain: ``100 · (distilled − random)`` with its interval over seeds, paired by seed.
      over_best: the same over the best random images on val; ``None`` without a val split.
      seconds: mean seconds of distilling; NaN where it was not measured.
    """

    dataset: str
    family: str
    indicators: Mapping[str, float]
    random: float
    distilled: float
    whole: float
    chance: float
    gain: evaluate.Interval
    over_best: evaluate.Interval | None
    seconds: float

    @property
    def recovery(self) -> float:
        """Chance-corrected recovery, ``100 · (distilled − chance) / (whole − chance)``."""
        return recovery(self.distilled, whole=self.whole, chance=self.chance)


def recovery(score: float, *, whole: float, chance: float) -> float:
    """Computes chance-corrected recovery in percent.

    Args:
      score: score on some images, 0–1.
      whole: score on all images, 0–1.
      chance: score of guessing, 0–1.

    Returns:
      ``100 · (score − chance) / (whole − chance)``; NaN if all images do not exceed chance.

    Example:
      >>> recovery(0.75, whole=1.0, chance=0.5)
      50.0
    """
    return _PERCENT * (score - chance) / (whole - chance) if whole > chance else math.nan


def outcomes_of(rows: Iterable[Row], *, method: str, ipc: int) -> list[Outcome]:
    """Returns the outcomes of a method on all data sets that have its rows and indicators.

    Args:
      rows: the rows of a study's table.
      method: the method.
      ipc: images per class.

    Returns:
      Outcomes in the order of the table. A data set that lacks the rows of random images, of all
      images, of chance, of the method or of indicators is not among them.

    Example:
      >>> outcomes_of([], method="dm", ipc=10)
      []
    """
    by_set: dict[str, list[Row]] = {}
    for row in rows:
        if row.ipc == ipc:
            by_set.setdefault(row.dataset, []).append(row)
    found = (_outcome(name, own, method) for name, own in by_set.items())
    return [outcome for outcome in found if outcome is not None]


def _outcome(dataset: str, rows: list[Row], method: str) -> Outcome | None:
    measured = {row.metric: row.mean for row in rows if row.method == INDICATOR}
    metric = next((name[len(CHANCE) :] for name in measured if name.startswith(CHANCE)), None)
    if metric is None:
        return None
    found = {one.key.method: one for one in summaries.summarise(rows, metric=metric)}
    own = found.get(method)
    if own is None or own.over_random is None or own.whole is None or own.chance is None:
        return None
    random = found[summaries.key_beside(own.key, "random").method]
    return Outcome(
        dataset,
        tasks.family_of(dataset),
        {name: value for name, value in measured.items() if not name.startswith(CHANCE)},
        random=random.score.interval.mean,
        distilled=own.score.interval.mean,
        whole=own.whole.mean,
        chance=own.chance,
        gain=_points(own.over_random),
        over_best=None if own.over_selected is None else _points(own.over_selected),
        seconds=math.nan if own.seconds is None else own.seconds,
    )


def _points(interval: evaluate.Interval) -> evaluate.Interval:
    mean, low, high = (_PERCENT * value for value in interval[:3])
    return evaluate.Interval(mean, low, high, interval.n)
