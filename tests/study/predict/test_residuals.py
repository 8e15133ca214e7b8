"""Predictions of what was left out, by hand."""

import math

import numpy as np
import pytest

from medjax.errors import UserError
from medjax.study.predict.residuals import (
    FEWEST,
    fit_line,
    left_out_predictions,
    mean_error,
    prediction_margin,
)


def test_residuals_by_hand():
    # Without (0, 0) the line through (1, 2), (2, 3) is 1 + x; without (1, 2) it is 1.5 x through
    # (0, 0), (2, 3); without (2, 3) it is 2 x.
    y = np.array([0.0, 2.0, 3.0])
    predicted = left_out_predictions([0, 1, 2], y, ["a", "b", "c"])
    assert predicted.tolist() == [1.0, 1.5, 4.0]
    assert mean_error(y - predicted) == pytest.approx((1 + 0.5 + 1) / 3)
    assert left_out_predictions(None, y, ["a", "b", "c"]).tolist() == [2.5, 1.5, 1.0]


def test_a_family_is_left_out_as_one():
    y = [0.0, 2.0, 3.0, 5.0]
    assert left_out_predictions(None, y, ["a", "a", "b", "b"]).tolist() == [4.0, 4.0, 1.0, 1.0]
    line = left_out_predictions([0, 1, 2, 4], y, ["a", "a", "b", "b"])
    assert line.tolist() == [1.0, 2.0, 4.0, 8.0]  # 1 + x from b; 2 x from a


def test_no_value_predicts_itself():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=8), rng.normal(size=8)
    names = list("abcdefgh")
    before = left_out_predictions(x, y, names)
    y[3] += 100
    assert left_out_predictions(x, y, names)[3] == pytest.approx(before[3])


def test_one_group_leaves_nothing():
    with pytest.raises(UserError, match="nothing is left to predict a from"):
        left_out_predictions([1, 2], [1, 2], ["a", "a"])


def test_a_line_through_equal_places_is_level():
    assert fit_line([2, 2], [1, 3]) == (2.0, 0.0)


def test_there_is_no_interval_from_fewer_than_nineteen_sets():
    assert FEWEST == 19
    assert all(math.isnan(prediction_margin(np.ones(n))) for n in range(19))
    residuals = np.random.default_rng(0).permutation(np.arange(1, 40)) * (-1.0) ** np.arange(39)
    assert prediction_margin(residuals[:39]) == 38  # the ⌈0.95 · 40⌉-th of 39


def test_the_interval_contains_a_further_set_in_95_of_100_cases():
    rng = np.random.default_rng(0)
    draws = rng.exponential(size=(4000, FEWEST + 1))
    inside = [abs(row[-1]) <= prediction_margin(row[:-1]) for row in draws]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_families_left_out_tell_how_far_off_a_set_of_a_new_family_is():
    """Families share what the indicator does not explain; other sets of theirs betray it."""
    rng, repeats = np.random.default_rng(0), 400
    families = np.array([0, 1, 2, 3, *[4] * 4, *[5] * 4, *[6] * 5, *[7] * 3, 8])
    found = {"set": [], "family": [], "new": []}
    held = {"set": 0, "family": 0}
    for _ in range(repeats):
        x = (rng.normal(size=9))[families] + 0.5 * rng.normal(size=21)
        y = x + (rng.normal(size=9))[families] + 0.5 * rng.normal(size=21)
        found["new"].append(off := abs(y[-1] - fit_line(x[:-1], y[:-1]).at(x[-1])))
        for name, groups in (("set", range(20)), ("family", families[:-1])):
            residuals = y[:-1] - left_out_predictions(x[:-1], y[:-1], list(map(str, groups)))
            found[name].append(mean_error(residuals))
            held[name] += off <= prediction_margin(residuals)
    means = {name: np.mean(errors) for name, errors in found.items()}
    assert means["family"] == pytest.approx(means["new"], rel=0.1)
    assert means["set"] < 0.9 * means["new"]  # too good to be true
    assert held["family"] / repeats > 0.87 and held["set"] < held["family"]
