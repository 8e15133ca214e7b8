"""Forecasts from a made table."""

import math

import numpy as np
import pytest

from medjax.study.indicator.measuring import Measured
from medjax.study.predict.advice import advice
from medjax.study.predict.outcomes import outcomes_of
from medjax.study.predict.prediction import Alike, Forecast, forecasts, recommended


def measured(slope, *, random=0.7):
    return Measured({"slope": slope}, random, 0.9, 0.5, "balanced_accuracy", "val")


def test_a_gain_follows_the_slope(make_table):
    (found,) = forecasts({10: measured(9.0)}, make_table(0.5), dataset="new")
    assert (found.method, found.ipc, found.by, found.sets) == ("dm", 10, "slope", 20)
    assert found.gain == pytest.approx(4.5, abs=0.3) and found.error < 0.5
    assert found.score == pytest.approx(0.7 + found.gain / 100)
    assert found.recovery == pytest.approx(100 * (found.score - 0.5) / 0.4)
    assert [one.slope for one in found.alike] == [9.0, 8.0, 10.0, 7.0, 11.0]
    assert found.seconds == 107 and found.margin < 1
    assert found.wins == 5 and found.is_worth_it and recommended([found]) == found


def test_its_own_rows_do_not_count(make_table):
    rows = make_table(0.5)
    mine = [(row, (row.dataset, row.method) == ("mnist", "dm")) for row in rows]
    own = [row._replace(mean=0.99) if is_mine else row for row, is_mine in mine]
    (found,) = forecasts({10: measured(9.0)}, own, dataset="mnist")
    assert found.sets == 19 and "mnist" not in [one.dataset for one in found.alike]
    others = [row for row in rows if row.dataset != "mnist"]
    assert [found] == forecasts({10: measured(9.0)}, others, dataset="mnist")


def test_without_a_gain_nothing_is_recommended(make_table):
    found = forecasts({10: measured(9.0)}, make_table(0.0), dataset="new")
    assert [one.wins for one in found] == [0] and recommended(found) is None
    harmful = forecasts({10: measured(9.0)}, make_table(-0.5), dataset="new")
    assert harmful[0].gain < 0 and recommended(harmful) is None
    assert advice(harmful).startswith("Do not distil: random images do as well.")


def like(*verdicts, gain=4.0, method="dm"):
    """A forecast from data sets like it with these verdicts."""
    alike = tuple(Alike("x", 1.0, gain, 0.0, one) for one in verdicts)
    name = {"method": method, "ipc": 10, "by": "slope"}
    rest = {"recovery": 50.0, "score": 0.8, "error": 1.0, "margin": math.nan, "seconds": math.nan}
    return Forecast(**name, gain=gain, sets=len(alike), alike=alike, **rest)


def test_a_gain_that_is_not_shown_is_no_sign_that_random_images_do_as_well():
    said = advice([like(*["not shown"] * 5)])
    assert said == (
        "A gain over the best random images is not shown; more seeds may show one. DM at 10 images "
        "per class beats the best random images on 0 of the 5 data sets most like it, and is "
        "expected to gain +4.0 points over the mean of random images."
    )
    assert advice([like(*["is below"] * 3, "not shown", "beats")]).startswith("Do not distil")
    # One of two methods may gain, and is the one that is named.
    worse, may_gain = like(*["is below"] * 5, gain=6.0), like(*["not shown"] * 5, method="dsa")
    said = advice([worse, may_gain])
    assert said.startswith("A gain over the best random images is not shown") and " DSA at" in said
    unknown = like(*["cannot tell"] * 5, method="dsa")
    assert advice([worse, unknown]).startswith("Cannot tell whether to distil")


def test_most_of_the_sets_like_it_must_show_a_gain():
    one, rest = (
        like("beats", *["cannot tell"] * 4),
        like(*["beats"] * 3, "not shown", "cannot tell"),
    )
    assert (one.judged, one.is_worth_it, rest.is_worth_it) == (1, False, True)
    assert advice([one]).startswith("Cannot tell whether to distil: too few of the data sets")
    assert "on 1 of the 5 data sets most like it, of which 1 can tell, and" in advice([one])
    assert "on 3 of the 5 data sets most like it, of which 4 can tell." in advice([rest])


def test_without_a_val_split_there_are_no_best_random_images(make_table):
    rows = [row for row in make_table(0.5) if row.method != "random_selected"]
    (found,) = forecasts({10: measured(9.0)}, rows, dataset="new")
    assert found.gain > 0 and (found.judged, found.wins) == (0, 0) and recommended([found]) is None


def test_a_slope_that_predicts_nothing_gives_way_to_the_mean_gain(make_table):
    rows, rng = [], np.random.default_rng(1)
    shuffled = dict(zip(range(20), rng.permutation(20), strict=True))
    for row in make_table(0.5):
        slope = row.method == "indicator" and row.metric == "slope"
        rows.append(row._replace(mean=float(shuffled[int(row.mean) - 2])) if slope else row)
    (found,) = forecasts({10: measured(9.0)}, rows, dataset="new")
    gains = [one.gain.mean for one in outcomes_of(rows, method="dm", ipc=10)]
    assert found.by == "mean gain" and found.gain == pytest.approx(np.mean(gains))
    outcomes = {one.dataset: one for one in outcomes_of(rows, method="dm", ipc=10)}
    for one in found.alike:  # residuals are those of what predicts, from other families
        family = outcomes[one.dataset].family
        others = [other.gain.mean for other in outcomes.values() if other.family != family]
        assert one.residual == pytest.approx(one.gain - np.mean(others))
    assert {"mnist_3_8", "mednist_ct"} & {one.dataset for one in found.alike}


def test_a_single_seed_cannot_tell(make_table):
    found = forecasts({10: measured(9.0)}, make_table(0.5, seeds=1), dataset="new")
    assert found[0].judged == 0 and recommended(found) is None
    assert advice(found).startswith("Cannot tell whether to distil: too few of the data sets")


def test_the_best_expected_score_of_those_that_are_worth_it(make_table):
    rows = [*make_table(0.5), *make_table(0.8, ipc=50)]
    measurements = {10: measured(9.0), 50: measured(9.0, random=0.8)}
    found = forecasts(measurements, rows, dataset="new")
    assert [one.ipc for one in found] == [10, 50] and recommended(found) == found[1]
    few = [row for row in rows if row.dataset in ("mnist", "mednist")]
    assert forecasts(measurements, few, dataset="new") == []
