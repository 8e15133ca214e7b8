"""Fieller's interval of a ratio of means: its definition, its coverage, its limits."""

import math

import numpy as np
import pytest

from medjax import errors, evaluate
from medjax.study.statistics.ratio import ratio_interval


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_its_ends_are_where_the_interval_of_the_difference_touches_zero(seeds):
    rng = np.random.default_rng(seeds)
    x, y = rng.normal(0.6, 0.01, seeds), rng.normal(0.8, 0.01, seeds)
    found = ratio_interval(x, y)
    assert found.mean == pytest.approx(x.mean() / y.mean()) and found.n == seeds
    for end, touching in ((found.low, "low"), (found.high, "high")):
        touched = evaluate.mean_interval(x - end * y)
        assert getattr(touched, touching) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seeds", [3, 5])
def test_it_covers_the_true_ratio(seeds):
    """Distilled and whole share a spread over seeds, and each has one of its own."""
    rng, repeats = np.random.default_rng(seeds), 4000
    shared = rng.normal(0, 0.02, (repeats, seeds))
    x = 0.30 + shared + rng.normal(0, 0.03, (repeats, seeds))
    y = 0.40 + shared + rng.normal(0, 0.01, (repeats, seeds))
    found = [ratio_interval(*pair) for pair in zip(x, y, strict=True)]
    covered = np.mean([one.low <= 0.30 / 0.40 <= one.high for one in found])
    assert 0.93 < covered < 0.97


def test_without_spread_it_is_a_point():
    found = ratio_interval([0.3] * 3, [0.4] * 3)
    assert found[:3] == pytest.approx([0.75] * 3)


@pytest.mark.parametrize(
    ("x", "y"), [([0.3], [0.4]), ([0.1, 0.2, 0.1], [-0.1, 0.1, 0.05]), ([1.0, 1.0], [0.0, 0.0])]
)
def test_it_has_no_ends_where_the_data_give_none(x, y):
    found = ratio_interval(x, y)
    assert math.isnan(found.low) and math.isnan(found.high)


@pytest.mark.parametrize(("x", "y"), [([0.3], [0.4, 0.5]), ([], []), ([[0.3]], [[0.4]])])
def test_what_cannot_be_paired(x, y):
    with pytest.raises(errors.UserError, match="cannot be paired"):
        ratio_interval(x, y)


def test_a_confidence_out_of_range():
    with pytest.raises(errors.UserError, match="between 0 and 1, got 95"):
        ratio_interval([0.3, 0.3], [0.4, 0.4], confidence=95)
