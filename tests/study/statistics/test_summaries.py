"""The summaries of a study: their coverage under a known model, and hand-made tables."""

import numpy as np
import pytest

from medjax.study.statistics import summaries
from medjax.study.statistics.summaries import Key


def summary_of(rows, method="dm", **key):
    found = {one.key: one for one in summaries.summarise(rows, metric="auroc")}
    return found[Key("x", method, key.get("ipc", 10))]


def simulated(rows_of, rng, *, seeds, networks=5):
    """A table of the two-level model with known means .80, .75 and .90."""
    drawn = rng.normal(0, 0.02, seeds)[:, None]  # what a seed changes in all methods
    tables = {"dm": (0.80, 0.03, 20), "random": (0.75, 0.01, 20), "whole": (0.90, 0.005, 2000)}
    rows = rows_of("chance", [[0.5]] * seeds, images=0)
    for method, (mean, spread, images) in tables.items():
        own = rng.normal(0, spread, seeds)[:, None]
        rows += rows_of(
            method, mean + drawn + own + rng.normal(0, 0.02, (seeds, networks)), images=images
        )
    return rows


@pytest.fixture(scope="module", params=[3, 5])
def covered(request, rows_of):
    """How often each interval holds the true value."""
    rng, repeats = np.random.default_rng(request.param), 1500
    truth = {"over_random": 0.05, "hlr": 0.10, "share_of_whole": 8 / 9, "recovery": 0.75}
    held = dict.fromkeys([*truth, "score"], 0)
    for _ in range(repeats):
        found = summary_of(simulated(rows_of, rng, seeds=request.param))
        for name, true in truth.items():
            held[name] += getattr(found, name).low <= true <= getattr(found, name).high
        held["score"] += found.score.interval.low <= 0.80 <= found.score.interval.high
    return {name: count / repeats for name, count in held.items()}


@pytest.mark.parametrize("name", ["score", "over_random", "hlr", "share_of_whole", "recovery"])
def test_intervals_cover_the_true_value(covered, name):
    assert 0.93 < covered[name] < 0.97


def test_seeds_and_networks_are_told_apart(rows_of, column):
    rng = np.random.default_rng(0)
    values = 0.8 + rng.normal(0, 0.03, 400)[:, None] + rng.normal(0, 0.01, (400, 5))
    found = summary_of(rows_of("dm", values)).score
    assert found.seed_std == pytest.approx(0.03, rel=0.1)
    assert found.network_std == pytest.approx(0.01, rel=0.1)


def test_differences_are_paired_by_seed(rows_of, column):
    """A seed that changes both alike does not widen their difference."""
    seeds = np.array([0.5, 0.7, 0.9])
    rows = rows_of("dm", column(*(seeds + np.array([0.10, 0.11, 0.12])))) + rows_of(
        "random", column(*seeds)
    )
    found = summary_of(rows).over_random
    assert found.mean == pytest.approx(0.11) and found.high - found.low < 0.06


def test_seeds_that_only_one_has_are_left_out_of_differences(rows_of, column):
    rows = rows_of("dm", column(0.6, 0.7)) + rows_of("random", column(0.5, 0.6, 0.1))
    found = summary_of(rows).over_random
    assert found.n == 2 and found.mean == pytest.approx(0.1)


def test_all_images_are_the_better_on_val_of_each_seed(rows_of, column):
    rows = rows_of("dm", column(0.7, 0.7))
    for method, val, test in (("whole", (0.8, 0.9), (0.80, 0.90)),
                              ("whole_balanced", (0.9, 0.8), (0.81, 0.99))):  # fmt: skip
        rows += rows_of(method, column(*val), split="val", images=2000)
        rows += rows_of(method, column(*test), images=2000)
    found = summary_of(rows)
    assert found.whole.mean == pytest.approx((0.81 + 0.90) / 2)
    assert found.share == pytest.approx(20 / 2000)


def test_without_val_all_images_are_as_they_are(rows_of, column):
    rows = rows_of("dm", column(0.7)) + rows_of("whole", column(0.8))
    assert summary_of(rows + rows_of("whole_balanced", column(0.9))).whole.mean == 0.8


def test_recovery_subtracts_chance_from_both(rows_of, column):
    rows = rows_of("dm", column(0.7, 0.7)) + rows_of("whole", column(0.9, 0.9), images=2000)
    found = summary_of(rows + rows_of("chance", column(0.5, 0.5)))
    assert found.recovery.mean == pytest.approx(0.5)
    assert found.share_of_whole.mean == pytest.approx(7 / 9)
    assert found.hlr.mean == pytest.approx(0.2)


def test_what_the_table_lacks_is_none(rows_of, column):
    found = summary_of(rows_of("dm", column(0.7, 0.8)))
    absent = found.whole, found.chance, found.over_random, found.hlr, found.recovery
    assert absent == (None,) * 5 and np.isnan(found.share)


def test_a_network_is_compared_under_itself(rows_of, column):
    rows = rows_of("dm", column(0.7)) + rows_of("random", column(0.5))
    rows += rows_of("dm@resnet18", column(0.9)) + rows_of("random@resnet18", column(0.8))
    assert summary_of(rows, "dm@resnet18").over_random.mean == pytest.approx(0.1)
    assert summary_of(rows).over_random.mean == pytest.approx(0.2)


def test_methods_without_values_count_as_one_network(rows_of, column):
    row = rows_of("dm", column(0.7))[0]._replace(values=())
    assert summary_of([row]).score.interval.mean == 0.7


def test_seeds_with_different_numbers_of_networks_count_by_their_means(rows_of, column):
    rows = [*rows_of("dm", [[0.7, 0.9]]), rows_of("dm", column(0.5, 0.6))[1]]
    assert summary_of(rows).score.interval.mean == pytest.approx(0.7)


def test_nothing_is_recovered_where_all_images_do_not_exceed_chance(rows_of, column):
    rows = rows_of("dm", column(0.6, 0.7)) + rows_of("whole", column(0.48, 0.5), images=2000)
    assert summary_of(rows + rows_of("chance", column(0.5, 0.5))).recovery is None
