"""From a table to a verdict on an indicator."""

import math

import numpy as np
import pytest

from medjax.errors import UserError
from medjax.study.predict.outcomes import outcomes_of, recovery
from medjax.study.predict.text import verdict_markdown
from medjax.study.predict.verdicts import judge_indicator


def test_an_outcome_by_hand(make_table):
    rows = [row for row in make_table(0.5) if row.dataset == "mnist_3_8"]
    (found,) = outcomes_of(rows, method="dm", ipc=10)
    means = {
        name: np.mean([row.mean for row in rows if row.method == name]) for name in ("dm", "random")
    }
    assert found.family == "mnist" and found.chance == 0.5 and found.whole == pytest.approx(0.95)
    assert found.gain.mean == pytest.approx(100 * (means["dm"] - means["random"]))
    assert found.gain.n == 3 and found.gain.low < found.gain.mean < found.gain.high
    assert found.over_best.mean == pytest.approx(found.gain.mean - 0.5)
    assert found.recovery == pytest.approx(100 * (means["dm"] - 0.5) / (0.95 - 0.5))
    assert found.seconds == 107
    assert set(found.indicators) == {"slope", "random"}


def test_only_whole_cells_count(make_table):
    rows = make_table(0.5)
    assert len(outcomes_of(rows, method="dm", ipc=10)) == 20
    assert outcomes_of(rows, method="dc", ipc=10) == outcomes_of(rows, method="dm", ipc=1) == []
    for method in ("indicator", "random", "dm", "whole", "chance"):
        few = [r for r in rows if not (r.dataset == "mnist" and r.method == method)]
        names = [one.dataset for one in outcomes_of(few, method="dm", ipc=10)]
        assert len(names) == 19 and "mnist" not in names
    val = [r._replace(split="val") if r.method == "dm" else r for r in rows]
    assert outcomes_of(val, method="dm", ipc=10) == []


def test_a_difference_is_paired_by_seed(make_table):
    rows = [row for row in make_table(0.5) if row.dataset == "mnist"]
    late = [r._replace(seed=r.seed + 3) if r.method == "dm" else r for r in rows]
    assert outcomes_of(late, method="dm", ipc=10) == []


def test_recovery_needs_something_to_recover():
    assert recovery(0.6, whole=0.9, chance=0.5) == pytest.approx(25)
    assert math.isnan(recovery(0.6, whole=0.5, chance=0.5))


def test_an_indicator_that_knows_the_gain_is_useful(make_table):
    found = judge_indicator(outcomes_of(make_table(0.5), method="dm", ipc=10), "slope")
    assert found.is_useful and found.gain.error < 0.5 < 2 < found.gain.mean_gain_error
    # Of a gain, the mean and "random's accuracy + mean gain" are the same prediction.
    assert found.gain.mean_error == found.gain.mean_gain_error
    assert found.recovery.mean_error != found.recovery.mean_gain_error
    assert found.recovery.error == pytest.approx(found.gain.error / 0.45, rel=1e-6)
    assert len(found.gain.residuals) == 20 and found.gain.correlation.families == 14
    assert found.gain.margin == max(map(abs, found.gain.family_residuals))  # 19 of 20 by rank 20


def test_the_primary_indicator_must_rise_with_the_gain(make_table):
    outcomes = outcomes_of(make_table(-0.5), method="dm", ipc=10)
    found = judge_indicator(outcomes, "slope")
    assert found.gain.is_better and found.gain.correlation.p < 0.05 and not found.is_useful


def test_one_that_does_not_is_not(make_table):
    found = judge_indicator(outcomes_of(make_table(0.0), method="dm", ipc=10), "slope")
    assert not found.is_useful and found.gain.error < 0.5


def test_residuals_are_those_of_a_set_left_out(make_table):
    outcomes = outcomes_of(make_table(0.5, noise=3.0), method="dm", ipc=10)
    found = judge_indicator(outcomes, "slope")
    others = [one for one in outcomes if one.dataset != "mnist"]
    x, y = (
        [f(one) for one in others] for f in (lambda o: o.indicators["slope"], lambda o: o.gain.mean)
    )
    slope, intercept = np.polyfit(x, y, 1)
    mine = next(one for one in outcomes if one.dataset == "mnist")
    expected = mine.gain.mean - (intercept + slope * mine.indicators["slope"])
    assert found.gain.residuals[found.datasets.index("mnist")] == pytest.approx(expected)


def test_the_text_prints_all_residuals_and_no_interval_of_few_sets(make_table):
    outcomes = outcomes_of(make_table(0.5), method="dm", ipc=10)
    text = verdict_markdown(outcomes, method="dm", ipc=10)
    assert "The primary indicator, slope, is useful on 20 data sets in 14 families" in text
    assert all(text.count(f"\n| {one.dataset} |") == 1 for one in outcomes)
    assert "95 % prediction interval of a further data set: ±" in text
    few = verdict_markdown(outcomes[:18], method="dm", ipc=10)
    assert "No 95 % prediction interval: it takes 19 data sets, and there are 18." in few
    assert "nan" not in text + few
    none = verdict_markdown(outcomes_of(make_table(0.0), method="dm", ipc=10), method="dm", ipc=10)
    assert "is not shown to be useful" in none


def test_fewer_than_three_sets_predict_nothing(make_table):
    outcomes = outcomes_of(make_table(0.5), method="dm", ipc=10)
    with pytest.raises(UserError, match="the indicator 'slope' with an outcome for 2 of the 3"):
        judge_indicator(outcomes[:2], "slope")
    one_family = [one for one in outcomes if one.family == "chest phantom"]
    found = judge_indicator(one_family, "slope")
    assert math.isnan(found.gain.family_error) and math.isnan(found.gain.correlation.p)
