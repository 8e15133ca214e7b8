"""How well indicators predict what distilling gains, beside two predictions that need none."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from medjax.errors import UserError
from medjax.study.indicator.names import PRIMARY
from medjax.study.predict.correlation import Correlation, family_correlation
from medjax.study.predict.outcomes import Outcome, recovery
from medjax.study.predict.residuals import left_out_predictions, mean_error, prediction_margin

_LEVEL = 0.05
FEWEST_TO_JUDGE = 3
"""Data sets from which on one can be predicted from the others."""


class Target(NamedTuple):
    """Predictions of one quantity, each from all other sets or all other families, in points.

    Attributes:
      correlation: of the indicator and the quantity.
      residuals: actual minus predicted, one for each data set, that set left out.
      family_residuals: the same with its whole family left out; empty with one family.
      error: mean absolute residual with a set left out.
      family_error: that with a family left out; NaN with one family.
      mean_error: that of the mean of the other sets.
      mean_gain_error: that of random's accuracy plus the mean gain of the other sets.
      margin: half width of a 95 % prediction interval, from the residuals with a family left out;
        NaN for fewer than 19 sets.
    """

    correlation: Correlation
    residuals: tuple[float, ...]
    family_residuals: tuple[float, ...]
    error: float
    family_error: float
    mean_error: float
    mean_gain_error: float
    margin: float

    @property
    def is_better(self) -> bool:
        """Whether the indicator predicts with a smaller error than both baselines."""
        return self.error < min(self.mean_error, self.mean_gain_error)


class Judged(NamedTuple):
    """An indicator.

    Attributes:
      name: its name.
      datasets: the data sets that have it.
      gain: how it predicts IOR.
      recovery: how it predicts chance-corrected recovery, through the gain.
    """

    name: str
    datasets: tuple[str, ...]
    gain: Target
    recovery: Target

    @property
    def is_useful(self) -> bool:
        """What docs/STUDY.md asks for: a rank correlation with IOR, and a smaller error.

        The correlation of the primary indicator must be positive, which that page expects of it.
        """
        as_expected = self.name != PRIMARY or self.gain.correlation.over_families > 0
        return as_expected and self.gain.correlation.p < _LEVEL and self.gain.is_better


def judge_indicator(outcomes: Sequence[Outcome], name: str) -> Judged:
    """Predicts each data set from the others by an indicator, and compares with the outcome.

    Args:
      outcomes: the data sets, from ``outcomes_of``.
      name: the indicator; data sets without it, and without recovery, are left out.

    Returns:
      Both targets.

    Raises:
      UserError: for fewer than three data sets with the indicator.
    """
    chosen = [one for one in outcomes if is_known(one, name)]
    if len(chosen) < FEWEST_TO_JUDGE:
        raise UserError(
            f"the table has the indicator {name!r} with an outcome for {len(chosen)} of the "
            f"{FEWEST_TO_JUDGE} data sets that it takes to predict one from the others"
        )
    x = [one.indicators[name] for one in chosen]
    gains = np.array([one.gain.mean for one in chosen])
    sets = [one.dataset for one in chosen]
    families = [one.family for one in chosen]
    by_mean = left_out_predictions(None, gains, sets)
    by_line = left_out_predictions(x, gains, sets)
    by_family = left_out_predictions(x, gains, families) if len(set(families)) > 1 else None
    recovered = np.array([one.recovery for one in chosen])
    target = _Predicted(x, families, by_line, by_family, by_mean)
    through = target._replace(
        by_line=recovered_with(chosen, by_line),
        by_family=None if by_family is None else recovered_with(chosen, by_family),
        by_mean_gain=recovered_with(chosen, by_mean),
    )
    mean = left_out_predictions(None, recovered, sets)
    return Judged(
        name, tuple(sets), _target(target, gains, by_mean), _target(through, recovered, mean)
    )


def recovered_with(outcomes: Sequence[Outcome], gains: Sequence[float] | np.ndarray) -> np.ndarray:
    """Returns the recovery of data sets whose random images gain so many points.

    Args:
      outcomes: the data sets.
      gains: gains over random images in points.

    Returns:
      Chance-corrected recovery in percent, float ``[n]``.
    """
    pairs = zip(outcomes, gains, strict=True)
    return np.array(
        [
            recovery(one.random + gain / 100, whole=one.whole, chance=one.chance)
            for one, gain in pairs
        ]
    )


class _Predicted(NamedTuple):
    """An indicator, and predictions of a quantity in several ways."""

    x: list[float]
    families: list[str]
    by_line: np.ndarray
    by_family: np.ndarray | None
    by_mean_gain: np.ndarray


def _target(predicted: _Predicted, actual: np.ndarray, by_mean: np.ndarray) -> Target:
    residuals = actual - predicted.by_line
    family = () if predicted.by_family is None else tuple(map(float, actual - predicted.by_family))
    return Target(
        correlation=family_correlation(predicted.x, actual, predicted.families),
        residuals=tuple(map(float, residuals)),
        family_residuals=family,
        error=mean_error(residuals),
        family_error=mean_error(family) if family else math.nan,
        mean_error=mean_error(actual - by_mean),
        mean_gain_error=mean_error(actual - predicted.by_mean_gain),
        margin=prediction_margin(family or residuals),
    )


def is_known(outcome: Outcome, name: str) -> bool:
    """Returns whether a data set has an indicator, and a recovery that it can be compared with."""
    value = outcome.indicators.get(name, math.nan)
    return math.isfinite(value) and math.isfinite(outcome.recovery)
