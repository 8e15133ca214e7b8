"""Predictions of a data set from all others, and how far they are off."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from medjax.errors import UserError

CONFIDENCE = 0.95
FEWEST = 19
"""Sets from which on there is a 95 % prediction interval: ⌈0.95 · 20⌉ is 19."""


class Line(NamedTuple):
    """A straight line ``intercept + slope · x``.

    Attributes:
      intercept: value at 0.
      slope: change for 1.
    """

    intercept: float
    slope: float

    def at(self, x: float) -> float:
        """Returns the value at ``x``."""
        return self.intercept + self.slope * x


def fit_line(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> Line:
    """Fits a line by least squares; a level one at the mean of ``y`` if all ``x`` are equal.

    Args:
      x, y: float ``[n]``, n at least 1.

    Returns:
      The line.

    Example:
      >>> fit_line([0, 1, 2], [1, 3, 5])
      Line(intercept=1.0, slope=2.0)
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    centred = x - x.mean()
    square = float(centred @ centred)
    slope = float(centred @ (y - y.mean())) / square if square > 0 else 0.0
    return Line(float(y.mean() - slope * x.mean()), slope)


def left_out_predictions(
    x: Sequence[float] | np.ndarray | None,
    y: Sequence[float] | np.ndarray,
    groups: Sequence[str],
) -> np.ndarray:
    """Predicts every value from the data of all other groups.

    Args:
      x: float ``[n]``, the indicator, through ``fit_line``; ``None`` predicts the mean of ``y``.
      y: float ``[n]``, the target.
      groups: what is left out together: names of data sets, or of their families.

    Returns:
      Predictions, float ``[n]``.

    Raises:
      UserError: if there is only one group.

    Example:
      >>> left_out_predictions(None, [1, 2, 6], ["a", "b", "c"]).tolist()
      [4.0, 3.5, 1.5]
      >>> left_out_predictions([0, 1, 2], [1, 3, 5], ["a", "b", "c"]).tolist()
      [1.0, 3.0, 5.0]
    """
    values, members = np.asarray(y, np.float64), np.asarray(groups)
    given = np.zeros_like(values) if x is None else np.asarray(x, np.float64)
    if len(set(groups)) < 2:
        raise UserError(f"nothing is left to predict {groups[0]} from: give two groups or more")
    predicted = np.empty_like(values)
    for group in dict.fromkeys(groups):
        out = members == group
        line = fit_line(given[~out], values[~out])
        predicted[out] = [line.at(value) for value in given[out]]
    return predicted


def mean_error(residuals: Sequence[float] | np.ndarray) -> float:
    """Returns the mean absolute residual.

    Example:
      >>> mean_error([1.0, -3.0])
      2.0
    """
    return float(np.mean(np.abs(residuals)))


def prediction_margin(residuals: Sequence[float] | np.ndarray) -> float:
    """Returns the half width of a 95 % prediction interval, from leave-one-set-out residuals.

    It is the absolute residual of rank ``⌈0.95 (n + 1)⌉``: a further set that is drawn as these
    were lies outside in about 5 % of cases, if one set changes the fit little. Sets of a family
    are not independent: of 20 sets in 8 families, residuals with the whole family left out give an
    interval that holds a set of a new family in about 90 % of simulated cases.

    Args:
      residuals: float ``[n]``, one for each data set, which was left out, with its family.

    Returns:
      The half width; NaN for fewer than ``FEWEST`` sets, of which there is no such residual.

    Example:
      >>> prediction_margin(range(18)), prediction_margin(range(19))
      (nan, 18.0)

    Barber et al., "Predictive inference with the jackknife+", Annals of Statistics 49, 2021.
    """
    sizes = np.sort(np.abs(np.asarray(residuals, np.float64)))
    rank = math.ceil(round(CONFIDENCE * (len(sizes) + 1), 9))
    return float(sizes[rank - 1]) if rank <= len(sizes) else math.nan
