"""Areas, rates, p-values and power of attacks, by brute force and simulation."""

import numpy as np
import pytest
from scipy import stats

from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.membership import least_found, measure


def scores(rng, members, others, shift=0.0):
    return rng.normal(size=members) + shift, rng.normal(size=others)


def test_area_and_rates_are_those_of_counting():
    members, others = scores(np.random.default_rng(0), 60, 140, shift=0.7)
    found = measure("x", members, others)
    pairs = members[:, None] > others[None]
    assert found.auc == pytest.approx(pairs.mean())
    for rate, allowed in zip(found.rates, (1, 7), strict=True):
        limit = np.sort(others)[-1 - allowed]
        assert (rate.false, rate.found) == (allowed, (members > limit).sum())
        assert (others > limit).sum() == allowed
        assert rate.interval[0] <= rate.rate <= rate.interval[1]
    assert found.interval[0] < found.auc < found.interval[1]


def test_a_curve_has_the_rates():
    members, others = scores(np.random.default_rng(1), 100, 100, shift=1.0)
    found = measure("x", members, others)
    curve = dict(found.roc)
    assert curve[0.01] == found.rates[0].rate and curve[1.0] == 1.0
    assert sorted(curve.values()) == list(curve.values())


def test_ties_and_equal_scores_say_nothing():
    found = measure("x", np.zeros(20), np.zeros(30))
    assert found.auc == 0.5 and set(found.p_values) == {1.0}
    found = measure("x", np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    assert found.auc == pytest.approx((2 * (0.5 + 1 + 1) + (0 + 0.5 + 0.5)) / 9)
    assert found.rates[0].found == 0  # not above the highest other


def test_p_values_of_rates_are_exact_under_exchange():
    """Labels drawn at random: P(p ≤ x) is at most x, and the tail that of counting."""
    rng, members, others, allowed = np.random.default_rng(2), 30, 40, 2
    drawn = rng.permuted(np.tile(np.arange(70) < members, (20_000, 1)), axis=1)
    place = np.argmax(np.cumsum(~drawn, axis=1) == allowed + 1, axis=1)
    above = place - allowed
    found = measure("x", np.arange(30) + 0.5, np.arange(40))
    assert found.rates[1].false == allowed
    assert (above >= found.rates[1].found).mean() == pytest.approx(found.rates[1].p_value, abs=0.01)
    level = 0.01
    least = least_found(members, others, most=0.05, level=level)
    assert (above >= least).mean() <= 1.2 * level < (above >= least - 1).mean() * 1.2


def test_so_few_that_nothing_could_be_seen():
    assert least_found(4, 4, most=0.01, level=1e-6) == 5
    assert set(evidence.detectable(4, 4, 100).values()) == {None}


@pytest.mark.parametrize("sizes", [(200, 200), (400, 100)])
def test_a_leak_of_the_stated_size_is_seen_in_eight_of_ten(sizes):
    rng, tests = np.random.default_rng(3), 12
    wanted = evidence.detectable(*sizes, tests)["auc"]
    shift = np.sqrt(2) * stats.norm.ppf(wanted)
    p_values = [
        measure("x", *scores(rng, *sizes, shift=shift), resamples=2).p_value for _ in range(300)
    ]
    assert np.mean(np.array(p_values) < evidence.LEVEL / tests) == pytest.approx(0.8, abs=0.08)


def test_a_bootstrap_interval_covers():
    rng, truth = np.random.default_rng(4), 0.760  # Φ(1/√2)
    inside = []
    for _ in range(100):
        low, high = measure("x", *scores(rng, 60, 60, shift=1.0), resamples=200).interval
        inside.append(low <= truth <= high)
    assert 0.88 <= np.mean(inside) <= 1.0


def test_none_found_is_not_certainly_none():
    found = measure("x", np.arange(10.0), np.arange(20.0) + 5)
    for rate in found.rates:
        assert rate.found == 0 and rate.interval[0] == 0
        assert rate.interval[1] >= 1 - 0.025 ** (1 / 10) - 1e-9
    found = measure("x", np.arange(10.0) + 30, np.arange(20.0))
    assert found.rates[0].rate == found.rates[0].interval[1] == 1
    assert found.rates[0].interval[0] <= 0.025 ** (1 / 10) + 1e-9
