"""The reference's loop counts, and the rule between them."""

import pytest

from medjax.methods import loops_for


@pytest.mark.parametrize(
    ("ipc", "outer", "inner"),
    [(1, 1, 1), (10, 10, 50), (20, 20, 25), (30, 30, 20), (40, 40, 15), (50, 50, 10)],
)
def test_the_table_of_the_reference(ipc, outer, inner):
    assert loops_for(ipc) == (outer, inner)


@pytest.mark.parametrize(
    ("ipc", "outer", "inner"),
    [(2, 2, 50), (5, 5, 50), (9, 9, 50), (15, 15, 33), (25, 25, 20), (51, 50, 10), (100, 50, 10)],
)
def test_the_rule_for_other_numbers(ipc, outer, inner):
    assert loops_for(ipc) == (outer, inner)


def test_a_list_counts_with_its_rounded_mean():
    assert loops_for([10, 10, 10]) == loops_for((2, 10, 19)) == loops_for(10)
    assert loops_for([4, 7]) == loops_for(6)
    assert loops_for([1, 1]) == (1, 1)


def test_more_images_never_mean_fewer_updates():
    outer = [loops_for(ipc).outer for ipc in range(1, 120)]
    assert outer == sorted(outer)
    assert all(1 <= loops_for(ipc).inner <= 50 for ipc in range(1, 120))
