"""Intervals against scipy's, known sums of squares, and simulations with a known truth."""

import math

import numpy as np
import pytest
from scipy import stats

from medjax import evaluate
from medjax.errors import UserError

EXPERIMENTS = 4000
SPREADS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape) * math.sqrt(3),
    "laplace": lambda rng, shape: rng.laplace(size=shape) / math.sqrt(2),
}


def _experiments(seed_std, network_std, spread, *, seeds=5, networks=5):
    """Values ``[experiments, seeds, networks]`` with mean 0."""
    rng = np.random.default_rng(0)
    of_seed = SPREADS[spread](rng, (EXPERIMENTS, seeds, 1))
    return seed_std * of_seed + network_std * rng.normal(size=(EXPERIMENTS, seeds, networks))


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_the_interval_is_students(confidence):
    values = np.random.default_rng(0).normal(size=7)
    wanted = stats.ttest_1samp(values, 0).confidence_interval(confidence)
    interval = evaluate.mean_interval(values, confidence=confidence)
    np.testing.assert_allclose((interval.low, interval.high), wanted, rtol=1e-12)
    assert (interval.mean, interval.n) == (pytest.approx(values.mean()), 7)


def test_a_hand_made_interval():
    """Values 1, 2, 3: ``s = 1``, and the quantile of two degrees of freedom has a closed form."""
    interval = evaluate.mean_interval([1, 2, 3])
    half = 0.95 * math.sqrt(2 / (1 - 0.95**2)) / math.sqrt(3)
    np.testing.assert_allclose(interval, (2, 2 - half, 2 + half, 3), rtol=1e-12)


def test_a_hand_made_prediction():
    """As above, but one more value is off by itself, not only with the mean."""
    interval = evaluate.prediction_interval([1, 2, 3])
    half = 0.95 * math.sqrt(2 / (1 - 0.95**2)) * math.sqrt(4 / 3)
    np.testing.assert_allclose(interval, (2, 2 - half, 2 + half, 3), rtol=1e-12)
    single = evaluate.prediction_interval([0.5])
    assert (single.mean, single.n) == (0.5, 1) and math.isnan(single.low + single.high)


def test_a_random_set_is_told_from_other_random_ones_in_5_percent():
    """The interval of the mean would tell it from them in a third of the experiments."""
    draws = np.random.default_rng(0).normal(size=(EXPERIMENTS, 6))
    shares = []
    for interval in (evaluate.prediction_interval, evaluate.mean_interval):
        words = [evaluate.verdict(interval(row[0] - row[1:])) for row in draws]
        shares.append(1 - words.count("not shown") / EXPERIMENTS)
    assert shares[0] == pytest.approx(0.05, abs=0.01) and shares[1] > 0.25


def test_pairs_remove_what_both_share():
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=5) * 10, rng.normal(size=5) * 0.1
    ours, theirs = shared + own + 1, shared
    wanted = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    interval = evaluate.paired_interval(ours, theirs)
    np.testing.assert_allclose((interval.low, interval.high), wanted, rtol=1e-9)
    assert evaluate.verdict(interval) == "beats"
    assert evaluate.verdict(evaluate.paired_interval(theirs, ours)) == "is below"
    unpaired = stats.ttest_ind(ours, theirs).confidence_interval(0.95)
    assert unpaired.low < 0 < unpaired.high


@pytest.mark.parametrize(
    "low, high, words",
    [
        (0.1, 0.2, "beats"),
        (-0.2, -0.1, "is below"),
        (-0.1, 0.2, "not shown"),
        (0.0, 0.2, "not shown"),
        (-0.2, 0.0, "not shown"),
        (0.0, 0.0, "not shown"),
        (math.nan, math.nan, "cannot tell"),
    ],
)
def test_the_interval_decides_not_the_mean(low, high, words):
    for mean in (-1.0, 0.0, 1.0):
        assert evaluate.verdict(evaluate.Interval(mean, low, high, 5)) == words


def test_one_seed_cannot_tell():
    for interval in (
        evaluate.mean_interval([0.9]),
        evaluate.paired_interval([0.9], [0.1]),
        evaluate.two_level([[0.9, 0.8]]).interval,
    ):
        assert math.isnan(interval.low) and math.isnan(interval.high) and interval.n == 1
        assert evaluate.verdict(interval) == "cannot tell"


def test_two_levels_by_hand():
    """Means 1, 3, 5: mean square of means 4; squares within seeds 2 each, so 2 by one degree."""
    result = evaluate.two_level([[0, 2], [2, 4], [4, 6]])
    assert result.network_std == pytest.approx(math.sqrt(2))
    assert result.seed_std == pytest.approx(math.sqrt(4 - 2 / 2))
    assert result.interval == evaluate.mean_interval([1, 3, 5])


def test_two_levels_are_the_f_test():
    """``F`` of scipy's one-way analysis of variance is ``1 + k var a / var e``."""
    values = np.random.default_rng(1).normal(size=(6, 4)) + 3 * np.arange(6)[:, None]
    result = evaluate.two_level(values)
    ratio = result.seed_std**2 / result.network_std**2
    assert 1 + 4 * ratio == pytest.approx(stats.f_oneway(*values).statistic)


def test_a_negative_variance_is_zero():
    result = evaluate.two_level([[0, 10], [10, 0], [0, 10]])
    assert result.seed_std == 0
    assert result.interval.low == result.interval.high == 5


def test_what_one_network_or_one_seed_cannot_tell():
    one_network = evaluate.two_level([[1], [2], [3]])
    assert math.isnan(one_network.seed_std) and math.isnan(one_network.network_std)
    assert one_network.interval == evaluate.mean_interval([1, 2, 3])
    one_seed = evaluate.two_level([[1, 2, 3]])
    assert math.isnan(one_seed.seed_std) and one_seed.network_std == 1


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("seed_std, network_std", [(0, 1), (0.3, 1), (1, 1), (1, 0.3)])
def test_the_interval_covers_the_truth_in_95_percent(seed_std, network_std, spread):
    intervals = [
        evaluate.two_level(values).interval
        for values in _experiments(seed_std, network_std, spread)
    ]
    covered = np.mean([i.low <= 0 <= i.high for i in intervals])
    assert 0.93 <= covered <= 0.97


def test_an_interval_over_all_networks_would_promise_too_much():
    """Seeds count, not networks: 25 values of 5 seeds are not 25 independent ones."""
    values = _experiments(1, 0.3, "normal").reshape(EXPERIMENTS, -1)
    intervals = [evaluate.mean_interval(row) for row in values]
    assert np.mean([i.low <= 0 <= i.high for i in intervals]) < 0.7


@pytest.mark.parametrize("seed_std, network_std", [(1, 1), (2, 0.5), (0.5, 1)])
def test_the_spreads_are_those_of_the_model(seed_std, network_std):
    """Means of the variances are nearly unbiased where few are cut at zero."""
    results = [
        evaluate.two_level(values)
        for values in _experiments(seed_std, network_std, "normal", seeds=12)
    ]
    seed_var = np.mean([r.seed_std**2 for r in results])
    network_var = np.mean([r.network_std**2 for r in results])
    assert seed_var == pytest.approx(seed_std**2, rel=0.05)
    assert network_var == pytest.approx(network_std**2, rel=0.02)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: evaluate.mean_interval([]), r"\[seeds\], got \[0\]"),
        (lambda: evaluate.mean_interval([[1, 2]]), r"\[seeds\], got \[1, 2\]"),
        (lambda: evaluate.mean_interval([1, math.nan]), "finite"),
        (lambda: evaluate.mean_interval([1, 2], confidence=95), "between 0 and 1, got 95"),
        (lambda: evaluate.paired_interval([1, 2], [1]), "2 seeds cannot be paired with 1"),
        (lambda: evaluate.two_level([1, 2]), r"\[seeds, networks\], got \[2\]"),
        (lambda: evaluate.two_level([[1, 2], [1]]), r"\[seeds, networks\], got uneven rows"),
    ],
)
def test_bad_values_are_named(call, message):
    with pytest.raises(UserError, match=message):
        call()
