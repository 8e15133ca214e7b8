"""How well the scores of an attack tell members of a training set from others."""

import functools
from typing import NamedTuple

import numpy as np
from scipy import stats

from medjax.evaluate.ranking import roc_area

RATES = (0.01, 0.05)
"""The false-positive rates at which true-positive rates are reported."""
RESAMPLES, _CONFIDENCE = 500, 0.95
_MOST_POINTS = 100


class Rate(NamedTuple):
    """The members that are found while few others are taken for members.

    Attributes:
      most_false: the false-positive rate that is allowed.
      false: others that are taken for members: as many as the rate allows.
      found: members above the highest-scoring other that the rate does not allow.
      rate: ``found`` as a share of the members.
      interval: the 95 % interval ``(low, high)`` of ``rate``: that of the bootstrap, widened to
        that of Clopper and Pearson, because no members found are not certainly none.
      p_value: the probability of as many or more if membership did not matter.
    """

    most_false: float
    false: int
    found: int
    rate: float
    interval: tuple[float, float]
    p_value: float


class Attack(NamedTuple):
    """The outcome of one attack on one group of images.

    Attributes:
      name: what was attacked, and how.
      group: the class or finding; ``""`` for all images.
      members: number of members; of patients, where these are known.
      others: number of others.
      auc: the area under the ROC curve; 0.5 is chance.
      interval: the 95 % bootstrap interval ``(low, high)`` of ``auc``.
      p_value: the probability of as large or a larger area if membership did not matter.
      rates: one for each of ``RATES``.
      roc: ``(false-positive rate, true-positive rate)`` pairs of the curve.
    """

    name: str
    group: str
    members: int
    others: int
    auc: float
    interval: tuple[float, float]
    p_value: float
    rates: tuple[Rate, ...]
    roc: tuple[tuple[float, float], ...]

    @property
    def p_values(self) -> tuple[float, ...]:
        """The p-values of the area and of the rates, in this order."""
        return (self.p_value, *(rate.p_value for rate in self.rates))


def measure(
    name: str,
    members: np.ndarray,
    others: np.ndarray,
    *,
    group: str = "",
    resamples: int = RESAMPLES,
) -> Attack:
    """Measures an attack by its scores.

    If membership is drawn at random and does not matter, members and others are exchangeable. Then
    the area has the distribution of Mann and Whitney's statistic, and the number of members above
    the ``r``-th highest of ``n`` others is beta-binomial with parameters ``r`` and ``n − r + 1``
    (negative hypergeometric). The p-values rest on this alone.

    Args:
      name: the name of the attack.
      members: float ``[m]``, scores of members; the higher, the more like a member.
      others: float ``[n]``, scores of images that are no members.
      group: the class or finding of all of them.
      resamples: number of bootstrap resamples; members and others are drawn separately, with
        replacement.

    Returns:
      The outcome.

    Example:
      >>> found = measure("pixels", np.arange(50.0) + 30, np.arange(50.0))
      >>> round(found.auc, 3), found.rates[0].found, found.p_value < 1e-3
      (0.92, 30, True)

    Homer et al., "Resolving individuals contributing trace amounts of DNA to highly complex
    mixtures using high-density SNP genotyping microarrays", PLoS Genetics 2008; Carlini et al.,
    "Membership inference attacks from first principles", IEEE S&P 2022 (rates at low false-positive
    rates).
    """
    members, others = np.asarray(members, np.float64), np.asarray(others, np.float64)
    drawn = _resampled(members, others, resamples)
    truth = np.arange(len(members) + len(others)) < len(members)
    with np.errstate(invalid="ignore"):  # of scores that are all equal
        test = stats.mannwhitneyu(members, others, alternative="greater", method="asymptotic")
    rates = []
    for column, most in enumerate(RATES):
        allowed = allowed_false(most, len(others))
        found = int((members > np.sort(others)[::-1][allowed]).sum())
        p_value = float(_tail(len(members), len(others), allowed)[found])
        ends = _widened(_interval(drawn[:, 1 + column]), found, len(members))
        rates.append(Rate(most, allowed, found, found / len(members), ends, p_value))
    return Attack(
        name=name,
        group=group,
        members=len(members),
        others=len(others),
        auc=roc_area(np.concatenate([members, others]), truth),
        interval=_interval(drawn[:, 0]),
        p_value=float(test.pvalue) if np.isfinite(test.pvalue) else 1.0,
        rates=tuple(rates),
        roc=_roc(members, others),
    )


def allowed_false(most: float, others: int) -> int:
    """Returns how many of some others may be taken for members at a false-positive rate.

    Example:
      >>> allowed_false(0.01, 250)
      2
    """
    return int(most * others + 1e-9)


def least_found(members: int, others: int, *, most: float, level: float) -> int:
    """Returns the fewest members found at a false-positive rate whose p-value is below a level.

    One more than ``members`` says that not even all of them would be enough.

    Example:
      >>> least_found(1000, 1000, most=0.01, level=0.001)
      31
    """
    tail = _tail(members, others, allowed_false(most, others))
    return int(np.argmax(tail < level)) if tail[-1] < level else members + 1


@functools.lru_cache(maxsize=64)
def _tail(members: int, others: int, allowed: int) -> np.ndarray:
    """Returns P(T ≥ t) for t = 0 … members, of members above the (allowed + 1)-th highest other."""
    counts = np.arange(members + 1)
    mass = stats.betabinom.pmf(counts, members, allowed + 1, others - allowed)
    return np.minimum(np.cumsum(mass[::-1])[::-1], 1.0)


def _resampled(members: np.ndarray, others: np.ndarray, resamples: int) -> np.ndarray:
    """Returns area and rates of resamples, ``[resamples, 1 + rates]``, all in one sorted pass."""
    rng = np.random.default_rng([len(members), len(others)])
    m, n = len(members), len(others)
    scores, place = np.unique(np.concatenate([members, others]), return_inverse=True)
    place = len(scores) - 1 - place  # from above
    counts, rows = [], np.arange(resamples)[:, None] * len(scores)
    for size, own in ((m, place[:m]), (n, place[m:])):
        drawn = own[rng.integers(0, size, (resamples, size))] + rows
        counts.append(np.bincount(drawn.ravel(), minlength=resamples * len(scores)))
    columns = np.stack(counts).reshape(2, resamples, len(scores))
    above = np.cumsum(columns, axis=2)
    area = np.sum(columns[1] * (above[0] - columns[0] / 2), axis=1) / (m * n)
    rates = []
    for most in RATES:
        passed = above[1] <= allowed_false(most, n)
        rates.append(np.max(np.where(passed, above[0], 0), axis=1) / m)
    return np.stack([area, *rates], axis=1)


def _interval(values: np.ndarray) -> tuple[float, float]:
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _widened(ends: tuple[float, float], found: int, members: int) -> tuple[float, float]:
    exact = stats.binomtest(found, members).proportion_ci(_CONFIDENCE, method="exact")
    return min(ends[0], float(exact.low)), max(ends[1], float(exact.high))


def _roc(members: np.ndarray, others: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Returns the curve at numbers of false positives that are evenly spread in their logarithm."""
    allowed = np.unique(np.geomspace(1, len(others), _MOST_POINTS).astype(int))
    steps, ordered = np.append(0, allowed), np.sort(others)[::-1]
    limits = np.append(ordered, -np.inf)[steps]
    sides = np.searchsorted(np.sort(members), limits, side="right")
    rates = (len(members) - sides) / len(members)
    return tuple((float(f) / len(others), float(t)) for f, t in zip(steps, rates, strict=True))
