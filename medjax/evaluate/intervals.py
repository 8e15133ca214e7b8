"""Confidence intervals of a mean over distilled sets (seeds), and the words for a comparison."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from medjax import errors

# Below this width, in scores of order 1 or in points, only sums in another order differ.
_ROUNDING = 1e-9


class Interval(NamedTuple):
    """A mean and its confidence interval.

    Attributes:
      mean: the estimate.
      low: the lower end; NaN if the spread cannot be estimated, as from one value.
      high: the upper end; NaN with ``low``.
      n: the number of independent values (seeds or images) that the interval rests on.
    """

    mean: float
    low: float
    high: float
    n: int


class TwoLevel(NamedTuple):
    """The two spreads of values ``[seeds, networks]``, and the interval of their mean.

    Attributes:
      interval: the mean of all values, with an interval over seeds.
      seed_std: standard deviation of the seeds' true means; NaN with one seed, or with one network
        for each, where the two spreads cannot be told apart.
      network_std: standard deviation of networks within a seed; NaN with one network for each.
    """

    interval: Interval
    seed_std: float
    network_std: float


def mean_interval(values: Sequence[float] | np.ndarray, *, confidence: float = 0.95) -> Interval:
    r"""Computes the mean over seeds and Student's interval of it.

    The interval is ``x̄ ± t s/√n``, with the sample's standard deviation ``s`` (divided by
    ``n − 1``) and the quantile ``t`` of Student's distribution with ``n − 1`` degrees of freedom at
    ``(1 + confidence)/2``. It holds exactly for normal values and nearly for symmetric ones. Few,
    very skewed values are covered less often: five exponential ones in 88 instead of 95 % of
    experiments (benchmarks/results/interval_coverage.jsonl).

    Args:
      values: float ``[n]``, one independent value for each seed.
      confidence: share of such intervals that contain the true mean, between 0 and 1.

    Returns:
      The interval. One value has no spread, so ``low`` and ``high`` are NaN: ``verdict`` says
      "cannot tell" of it, and JSON files of medjax hold ``null``.

    Raises:
      UserError: if there are no values, if they are not one row of finite numbers, or if the
        confidence is not between 0 and 1.

    Example:
      >>> interval = mean_interval([0.80, 0.82, 0.84])
      >>> print(f"{interval.mean:.2f} ({interval.low:.3f} to {interval.high:.3f})")
      0.82 (0.770 to 0.870)
      >>> mean_interval([0.5])
      Interval(mean=0.5, low=nan, high=nan, n=1)

    Student, "The probable error of a mean", Biometrika 6, 1908.
    """
    values = _finite(values, rank=1)
    return _student(values, confidence, width=math.sqrt(1 / values.size))


def prediction_interval(
    values: Sequence[float] | np.ndarray, *, confidence: float = 0.95
) -> Interval:
    r"""Computes the interval in which one more value lies, which is drawn as the others were.

    It is ``x̄ ± t s √(1 + 1/n)``, with ``s`` and ``t`` as in ``mean_interval``. It tells whether a
    single set is unlike a random one: the interval of a mean narrows with ``n`` and calls many a
    random set better or worse than others.

    Args:
      values: float ``[n]``, one independent value for each draw. For a comparison, the differences
        of one set to each draw: an interval without zero shows that it is unlike one more draw.
      confidence: share of such intervals that contain one more value, between 0 and 1.

    Returns:
      The interval, around the mean; ``low`` and ``high`` are NaN for one value.

    Raises:
      UserError: as ``mean_interval`` does.

    Example:
      >>> interval = prediction_interval([0.80, 0.82, 0.84])
      >>> print(f"{interval.mean:.2f} ({interval.low:.3f} to {interval.high:.3f})")
      0.82 (0.721 to 0.919)

    Hahn and Meeker, "Statistical Intervals: A Guide for Practitioners", 1991, chapter 4.
    """
    values = _finite(values, rank=1)
    return _student(values, confidence, width=math.sqrt(1 + 1 / values.size))


def paired_interval(
    ours: Sequence[float] | np.ndarray,
    theirs: Sequence[float] | np.ndarray,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Computes the mean difference of two methods, paired by seed, and Student's interval of it.

    What a seed changes in both (the subset, the split, the initial networks) cancels in their
    difference, so the interval is that of the differences, ``mean_interval(ours - theirs)``.

    Args:
      ours: float ``[n]``, one value for each seed.
      theirs: float ``[n]``, the values of the other method for the same seeds in the same order.
      confidence: share of such intervals that contain the true difference, between 0 and 1.

    Returns:
      The interval of ``ours − theirs``; ``low`` and ``high`` are NaN for one seed.

    Raises:
      UserError: as ``mean_interval`` does, or if the numbers of seeds differ.

    Example:
      >>> interval = paired_interval([0.90, 0.95, 0.92], [0.80, 0.86, 0.81])
      >>> print(f"{interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})")
      0.100 (0.075 to 0.125)
      >>> verdict(interval)
      'beats'

    Student, "The probable error of a mean", Biometrika 6, 1908.
    """
    ours, theirs = _finite(ours, rank=1), _finite(theirs, rank=1)
    if len(ours) != len(theirs):
        raise errors.UserError(
            f"{len(ours)} seeds cannot be paired with {len(theirs)}; give both the same seeds"
        )
    return mean_interval(ours - theirs, confidence=confidence)


def two_level(
    values: Sequence[Sequence[float]] | np.ndarray, *, confidence: float = 0.95
) -> TwoLevel:
    r"""Separates the spread over seeds from that over networks, and gives the interval over seeds.

    The model is ``y_ij = μ + a_i + e_ij`` with a distilled set ``i`` and a network ``j`` trained on
    it. Analysis of variance estimates both spreads from mean squares of ``k`` networks for each of
    ``s`` seeds: ``var e = Σ (y_ij − ȳ_i)² / (s (k − 1))`` and
    ``var a = max(0, Σ (ȳ_i − ȳ)² / (s − 1) − var e / k)``. Networks of one seed share its images
    and are not independent, so the interval is ``mean_interval`` of the seeds' means ``ȳ_i``, with
    ``s − 1`` degrees of freedom: more networks narrow it only as far as ``var e`` matters.

    Args:
      values: float ``[seeds, networks]``. For a comparison, the differences of two methods.
      confidence: share of such intervals that contain the true mean, between 0 and 1.

    Returns:
      Both standard deviations and the interval; what cannot be estimated is NaN.

    Raises:
      UserError: if seeds differ in the number of networks, or as ``mean_interval`` does.

    Example:
      >>> result = two_level([[0.80, 0.82], [0.90, 0.92], [0.85, 0.87]])
      >>> print(f"{result.interval.mean:.2f}, {result.seed_std:.3f}, {result.network_std:.3f}")
      0.86, 0.049, 0.014

    Searle, Casella and McCulloch, "Variance Components", 1992, chapter 3.
    """
    values = _finite(values, rank=2)
    (seeds, networks), means = values.shape, values.mean(axis=1)
    within = between = math.nan
    if networks > 1:
        within = float(values.var(axis=1, ddof=1).mean())
    if networks > 1 and seeds > 1:
        between = max(0.0, float(means.var(ddof=1)) - within / networks)
    interval = mean_interval(means, confidence=confidence)
    return TwoLevel(interval, math.sqrt(between), math.sqrt(within))


def verdict(interval: Interval) -> str:
    """Says what the interval of a difference shows; the mean alone shows nothing.

    Args:
      interval: the interval of ``ours − theirs``, as from ``paired_interval``. For a metric of
        which lower is better, exchange the two.

    Returns:
      ``"beats"`` if the whole interval is above zero, ``"is below"`` if it is below zero,
      ``"not shown"`` if it contains zero, also at an end, or has no width but that of rounding,
      as of values that happen to be equal, and ``"cannot tell"`` if there is no interval, as from
      one seed.

    Example:
      >>> verdict(Interval(2.0, 0.5, 3.5, 5)), verdict(Interval(2.0, -0.5, 4.5, 5))
      ('beats', 'not shown')
      >>> verdict(paired_interval([0.9], [0.5])), verdict(paired_interval([0.9] * 3, [0.5] * 3))
      ('cannot tell', 'not shown')
    """
    if math.isnan(interval.low) or math.isnan(interval.high):
        return "cannot tell"
    if interval.high - interval.low < _ROUNDING:
        return "not shown"
    if interval.low > 0:
        return "beats"
    return "is below" if interval.high < 0 else "not shown"


def upper_tail(confidence: float) -> float:
    """Returns the probability below the upper end of a two-sided interval, ``(1 + c)/2``.

    Raises:
      UserError: if the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise errors.UserError(f"confidence must be between 0 and 1, got {confidence}")
    return (1 + confidence) / 2


def _student(values: np.ndarray, confidence: float, *, width: float) -> Interval:
    """Returns Student's interval around the mean, of some width in standard deviations."""
    tail, mean, n = upper_tail(confidence), float(values.mean()), values.size
    if n == 1:
        return Interval(mean, math.nan, math.nan, n)
    half = float(special.stdtrit(n - 1, tail) * values.std(ddof=1) * width)
    return Interval(mean, mean - half, mean + half, n)


def _finite(
    values: Sequence[float] | Sequence[Sequence[float]] | np.ndarray, *, rank: int
) -> np.ndarray:
    """Returns values as a float64 array of some rank, which is not empty and has no NaN."""
    axes = ["seeds", "networks"][:rank]
    try:
        array = np.asarray(values, np.float64)
    except ValueError as error:  # rows of different lengths
        raise errors.UserError(f"values must be [{', '.join(axes)}], got uneven rows") from error
    if array.ndim != rank or not array.size:
        raise errors.UserError(f"values must be [{', '.join(axes)}], got {list(array.shape)}")
    if not np.isfinite(array).all():
        raise errors.UserError("values must be finite numbers to have an interval")
    return array
