"""The interval of a ratio of two means over seeds."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from medjax import errors
from medjax.evaluate import Interval


def ratio_interval(
    numerators: Sequence[float] | np.ndarray,
    denominators: Sequence[float] | np.ndarray,
    *,
    confidence: float = 0.95,
) -> Interval:
    r"""Computes the ratio of two means that are paired by seed, and Fieller's interval of it.

    The interval holds the ratios ``θ`` that the seeds do not contradict: those for which Student's
    interval of the mean of ``x_i − θ y_i`` contains zero. These are the solutions of
    ``(ȳ² − q s_yy) θ² − 2 (x̄ ȳ − q s_xy) θ + x̄² − q s_xx ≤ 0`` with ``q = t²/n``. It is exact for
    normal pairs and any number of seeds from two on. A bootstrap is not, because three seeds have
    ten different resamples and five have 126, whose percentiles are far too narrow.

    Args:
      numerators: float ``[n]``, ``x_i``: one value for each seed.
      denominators: float ``[n]``, ``y_i``: those of the same seeds in the same order.
      confidence: share of such intervals that contain the true ratio, between 0 and 1.

    Returns:
      The interval around ``x̄/ȳ``. ``low`` and ``high`` are NaN for one seed, and where the
      denominator cannot be told from zero, so that the ratio has no bounds.

    Raises:
      UserError: if the numbers of seeds differ or are zero, or the confidence is not between 0 and
        1.

    Example:
      >>> found = ratio_interval([0.30, 0.33, 0.31], [0.40, 0.41, 0.39])
      >>> print(f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})")
      0.783 (0.709 to 0.856)

    Fieller, "Some problems in interval estimation", JRSS B 16, 1954.
    """
    x, y = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    if x.shape != y.shape or x.ndim != 1 or not x.size:
        raise errors.UserError(f"{x.size} seeds cannot be paired with {y.size}")
    if not 0 < confidence < 1:
        raise errors.UserError(f"confidence must be between 0 and 1, got {confidence}")
    n, (x_mean, y_mean) = x.size, (float(x.mean()), float(y.mean()))
    ratio = x_mean / y_mean if y_mean else math.nan
    if n == 1:
        return Interval(ratio, math.nan, math.nan, n)
    q = float(special.stdtrit(n - 1, (1 + confidence) / 2)) ** 2 / n
    (s_xx, s_xy), (_, s_yy) = np.cov(x, y)
    a, b, c = y_mean**2 - q * s_yy, x_mean * y_mean - q * s_xy, x_mean**2 - q * s_xx
    if a <= 0:
        return Interval(ratio, math.nan, math.nan, n)
    half = math.sqrt(max(b**2 - a * c, 0.0))
    return Interval(ratio, float((b - half) / a), float((b + half) / a), n)
