"""Random subsets: balance, order and uniformity."""

import jax
import numpy as np
import pytest

from medjax import coreset

LABELS = np.random.default_rng(0).integers(0, 3, 60)


@pytest.mark.parametrize(("ipc", "counts"), [(4, [4, 4, 4]), ([1, 5, 3], [1, 5, 3])])
def test_random_subset_is_balanced_and_ordered_by_class(ipc, counts):
    rows = coreset.random_subset(jax.random.key(0), LABELS, ipc)
    np.testing.assert_array_equal(LABELS[rows], np.repeat(np.arange(3), counts))
    assert len(set(rows.tolist())) == len(rows)


def test_random_subset_depends_on_the_key_alone():
    first, again = (coreset.random_subset(jax.random.key(1), LABELS, 5) for _ in range(2))
    other = coreset.random_subset(jax.random.key(2), LABELS, 5)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_random_subset_is_uniform():
    labels = np.repeat([0, 1], [3, 5])
    counts = np.zeros(8)
    for seed in range(400):
        counts[coreset.random_subset(jax.random.key(seed), labels, 2)] += 1
    # Each row of class 0 is drawn with probability 2/3, of class 1 with 2/5; 5 sigma is 0.12.
    np.testing.assert_allclose(counts[:3] / 400, 2 / 3, atol=0.12)
    np.testing.assert_allclose(counts[3:] / 400, 2 / 5, atol=0.12)


def test_groups_are_drawn_apart():
    """An image that is in every group is no likelier to be taken for all of them."""
    rows = np.ones((400, 5), int)
    taken = coreset.random_subset(jax.random.key(0), rows, 10)
    assert len(taken) == 50 and len(set(taken.tolist())) > 40
    for group in taken.reshape(5, 10):
        assert len(set(group.tolist())) == 10


def test_a_whole_class_can_be_taken():
    rows = coreset.random_subset(jax.random.key(0), np.array([0, 1, 0]), [2, 1])
    assert sorted(rows[:2].tolist()) == [0, 2] and rows[2] == 1
