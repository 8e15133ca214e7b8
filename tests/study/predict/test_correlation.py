"""Rank correlation and its permutation test, by hand and by simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from medjax.errors import UserError
from medjax.study.predict.correlation import family_correlation, spearman

# A grid like the study's: real sets alone, and families of many tasks.
SIZES = (1, 1, 1, 1, 2, 4, 6, 8)
FAMILIES = [name for name, size in zip("abcdefgh", SIZES, strict=True) for _ in range(size)]


def test_spearman_is_scipys_and_knows_ties():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, 12), rng.integers(0, 5, 12)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    assert math.isnan(spearman([1, 1, 1], [1, 2, 3]))


def test_all_permutations_by_hand():
    # Of the 24 orders of four families, only the two monotone ones are as far from 0.
    found = family_correlation([1, 2, 3, 4], [5, 6, 9, 11], list("abcd"))
    assert found == (1.0, 1.0, 2 / 24, 4, 4)
    # Ranks 1 2 3 against 1 3 2: ρ is 1/2, and all six orders of three are at least as far.
    assert family_correlation([1, 2, 3], [5, 9, 6], list("abc")).p == 1


def test_a_family_counts_once():
    x = [1, 2, 3, 3.2, 2.8, 3.1]
    y = [1, 2, 3, 2.9, 3.1, 3.0]
    found = family_correlation(x, y, ["a", "b", "c", "c", "c", "c"])
    assert (found.sets, found.families) == (6, 3)
    assert found.over_families == 1 and found.p == pytest.approx(2 / 6) and found.over_sets < 1


def test_random_permutations_are_near_all_of_them():
    rng = np.random.default_rng(1)
    x, y, names = rng.normal(size=7), rng.normal(size=7), list("abcdefg")
    exact = family_correlation(x, y, names, draws=5040).p
    assert family_correlation(x, y, names, draws=5039).p == pytest.approx(exact, abs=0.03)
    again = family_correlation(x, y, names, draws=999, seed=1)
    assert again == family_correlation(x, y, names, draws=999, seed=1)


def experiments(seed, count, *, effect=0.0):
    """Indicator and target of sets that resemble their families."""
    rng, place = np.random.default_rng(seed), np.repeat(np.arange(len(SIZES)), SIZES)
    for _ in range(count):
        shared = rng.normal(size=(2, len(SIZES)))
        shared[1] += effect * shared[0]
        yield shared[:, place] + 0.3 * rng.normal(size=(2, len(place)))


def rejected(seed, count, *, families, effect=0.0):
    found = [
        family_correlation(x, y, families, draws=499, seed=number).p <= 0.05
        for number, (x, y) in enumerate(experiments(seed, count, effect=effect))
    ]
    return float(np.mean(found))


def test_the_rate_of_false_positives_is_that_of_the_level():
    """Of 1,000 experiments without an effect, 50 ± 14 are rejected, but 300 if sets count alone."""
    assert 0.03 <= rejected(0, 1000, families=FAMILIES) <= 0.07
    alone = [str(number) for number in range(len(FAMILIES))]
    assert rejected(1, 300, families=alone) > 0.2
    assert rejected(2, 200, families=FAMILIES, effect=3.0) > 0.8


@pytest.mark.parametrize("x", [[1, 2, 3], [1, 1, 1, 1]])
def test_what_has_no_order_has_no_coefficient(x):
    found = family_correlation(x, range(len(x)), list("aabb")[: len(x)])
    assert math.isnan(found.p) and math.isnan(found.over_families)


def test_what_does_not_fit_is_refused():
    with pytest.raises(UserError, match="one value for each data set"):
        family_correlation([1, 2], [1, 2, 3], ["a", "b"])
    with pytest.raises(UserError, match="finite"):
        family_correlation([1, math.nan], [1, 2], ["a", "b"])
    with pytest.raises(UserError, match="one value for each data set"):
        family_correlation([], [], [])
