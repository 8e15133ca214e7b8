"""Rank correlation of an indicator with what it should predict, tested over families of sets."""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from medjax.errors import UserError

_TIE = 1e-9  # equal correlations differ by rounding


class Correlation(NamedTuple):
    """A rank correlation and its test.

    Attributes:
      over_sets: Spearman's coefficient over data sets; a description, sets of one family are not
        independent.
      over_families: the same over the means of families, which is tested.
      p: share of permutations of the families with a coefficient at least as far from 0.
      sets: number of data sets.
      families: number of families.
    """

    over_sets: float
    over_families: float
    p: float
    sets: int
    families: int


def family_correlation(
    indicator: Sequence[float] | np.ndarray,
    target: Sequence[float] | np.ndarray,
    families: Sequence[str],
    *,
    draws: int = 10_000,
    seed: int = 0,
) -> Correlation:
    r"""Computes Spearman's rank correlation, and tests it by permuting families.

    Sets that share images or a generator resemble each other in the indicator and in the target,
    whether or not one depends on the other. To permute single sets would count each of them as
    evidence of its own. So both are averaged within each family, and the means of the indicator are
    permuted over the families: all permutations if there are at most ``draws`` of them, otherwise
    ``draws`` random ones, with ``p = (1 + those as far from 0) / (1 + draws)``.

    Args:
      indicator: float ``[n]``, one value for each data set.
      target: float ``[n]``, such as the gain over random images.
      families: the family of each data set.
      draws: random permutations.
      seed: seed of the permutations.

    Returns:
      The correlation. Coefficients of constant values and of fewer than three families are NaN,
      and so is ``p`` with the latter.

    Raises:
      UserError: if the lengths differ, there are no sets, or values are not finite.

    Example:
      >>> found = family_correlation([1, 2, 3, 4], [10, 20, 30, 50], ["a", "b", "c", "c"])
      >>> found.over_sets, found.over_families, round(found.p, 3)
      (1.0, 1.0, 0.333)

    Winkler et al., "Multi-level block permutation", NeuroImage 123, 2015.
    """
    x, y, members = _checked(indicator, target, families)
    names = list(dict.fromkeys(families))
    means = [np.array([v[members == name].mean() for name in names]) for v in (x, y)]
    observed = spearman(*means) if len(names) > 2 else math.nan
    p = math.nan
    if not math.isnan(observed):
        p = _share_as_far(means[0], means[1], abs(observed), draws, seed)
    return Correlation(spearman(x, y), observed, p, len(x), len(names))


def spearman(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> float:
    """Computes Spearman's rank correlation; ties have the mean of their ranks.

    Args:
      x, y: float ``[n]``.

    Returns:
      The coefficient, −1 to 1; NaN if all values of one are equal.

    Example:
      >>> spearman([1, 2, 3], [3, 2, 1])
      -1.0
    """
    ranks = [_centred(values) for values in (x, y)]
    scale = math.sqrt(float(np.prod([ranked @ ranked for ranked in ranks])))
    return round(float(ranks[0] @ ranks[1]) / scale, 12) if scale > 0 else math.nan


def _share_as_far(x: np.ndarray, y: np.ndarray, least: float, draws: int, seed: int) -> float:
    """Returns the share of permutations of ``x`` whose coefficient is at least ``least`` from 0."""
    ranks, other = _centred(x), _centred(y)
    other = other / math.sqrt((ranks @ ranks) * (other @ other))
    if math.factorial(len(x)) <= draws:
        found = np.array(list(itertools.permutations(ranks))) @ other
        return float(np.mean(np.abs(found) >= least - _TIE))
    rows = np.broadcast_to(ranks, (draws, len(ranks)))
    found = np.random.default_rng(seed).permuted(rows, axis=1) @ other
    return float((1 + np.sum(np.abs(found) >= least - _TIE)) / (1 + draws))


def _centred(values: Sequence[float] | np.ndarray) -> np.ndarray:
    ranks = stats.rankdata(values)
    centred: np.ndarray = ranks - ranks.mean()
    return centred


def _checked(
    indicator: Sequence[float] | np.ndarray,
    target: Sequence[float] | np.ndarray,
    families: Sequence[str],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = np.asarray(indicator, np.float64), np.asarray(target, np.float64)
    if not (x.shape == y.shape == (len(families),)) or not len(x):
        raise UserError(
            f"indicator {list(x.shape)}, target {list(y.shape)} and {len(families)} families must "
            "have one value for each data set"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UserError("indicator and target must be finite numbers to be correlated")
    return x, y, np.asarray(families)
