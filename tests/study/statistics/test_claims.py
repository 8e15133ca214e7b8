"""Claims and boundaries, from tables whose answer is known."""

import numpy as np
import pytest

from medjax.study.statistics import claims, summaries

SPREAD = np.array([-0.01, 0.0, 0.01])


@pytest.fixture
def table(rows_of, column):
    """``table(dataset, {(method, ipc): mean})``: rows of three seeds; whole images reach 0.9."""

    def table(dataset, scores, *, train=1000, val=()):
        rows = []
        for (method, ipc), mean in scores.items():
            size = {"dataset": dataset, "ipc": ipc, "images": 2 * ipc}
            rows += rows_of(method, column(*(mean + SPREAD)), **size)
            for chosen in val:
                mean_on_val = 0.9 if chosen == method else 0.1
                rows += rows_of(method, column(*[mean_on_val] * 3), split="val", **size)
            whole = {"dataset": dataset, "ipc": ipc, "images": train}
            rows += rows_of("whole", column(0.9, 0.9, 0.9), **whole)
        return rows

    return table


def claims_of(rows):
    return claims.claims_of(rows, summaries.summarise(rows, metric="auroc"), metric="auroc")


def boundary_of(rows):
    (found,) = claims.boundaries_of(summaries.summarise(rows, metric="auroc"))
    return found


GOOD, POOR = 0.88, 0.60


@pytest.fixture
def three(table):
    """Distilled images suffice on ``a`` and ``b``, random ones on ``b``; ``c`` is too large."""
    rows = table(
        "a", {("dm", 1): POOR, ("random", 1): POOR, ("dm", 10): GOOD, ("random", 10): POOR}
    )
    rows += table("b", {("dm", 10): GOOD, ("random", 10): GOOD})
    return rows + table("c", {("dm", 50): GOOD, ("random", 50): GOOD}, train=1000)


def test_the_sentences_count_data_sets(three):
    assert claims.sentences(claims_of(three), metric="AUROC") == [
        "Distilled sets of at most 5 % of the images reach 90 % of the AUROC of all images on "
        "2 of 2 data sets; the 95 % interval shows it on 2.",
        "Random images of the same sizes reach it on 1 of 2 data sets; the interval shows it on 1.",
    ]


def test_a_mean_that_its_interval_does_not_show(table):
    (claim,) = claims_of(table("a", {("dm", 10): 0.815}))
    assert claim.reaches() and not claim.reaches(shown=True)
    assert not claim.reaches(random=True)


def test_no_set_is_small_enough(table):
    made = claims_of(table("c", {("dm", 50): GOOD}))
    assert claims.sentences(made, metric="AUROC") == [
        "No set of at most 5 % of the images has been run."
    ]


@pytest.mark.parametrize("chosen", ["dm", "dsa"])
def test_the_method_is_chosen_on_val(chosen, table):
    rows = table("a", {("dm", 10): POOR, ("dsa", 10): GOOD}, val=[chosen])
    (claim,) = claims_of(rows)
    assert claim.sizes[0].method == chosen and claim.reaches() == (chosen == "dsa")


def test_chosen_images_are_not_distilled(table):
    others = "nothing", "indicator", "sites/central", "transfer/whole"
    rows = table("a", {(method, 10): GOOD for method in (*summaries.SELECTED, *others)})
    assert claims_of(rows) == [] and claims.sentences([], metric="AUROC") == []


def test_the_boundary_is_the_smallest_size_that_suffices_and_the_largest_that_beats_random(table):
    scores = {1: (POOR, 0.5), 10: (GOOD, 0.7), 50: (GOOD, GOOD)}
    rows = []
    for ipc, (ours, theirs) in scores.items():
        rows += table("a", {("dm", ipc): ours, ("random", ipc): theirs}, train=10_000)
    found = boundary_of(rows)
    assert (found.enough, found.enough_shown, found.beats) == (0.002, 0.002, 0.002)
    assert found.shares == [0.0002, 0.002, 0.01]


def test_a_method_that_is_of_no_use_has_no_boundary(table):
    found = boundary_of(table("a", {("dm", 10): POOR, ("random", 10): GOOD}))
    assert found[2:5] == (None, None, None)
