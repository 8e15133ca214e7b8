"""Real subsets: random, k-center and herding, against a direct oracle."""

import jax
import numpy as np
import pytest

from medjax import coreset
from medjax.errors import UserError

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


def _direct_k_center(features, labels, ipc):
    """The definition, one pair of points at a time."""
    result = []
    for c in range(labels.max() + 1):
        rows = [i for i in range(len(labels)) if labels[i] == c]
        mean = sum(features[i] for i in rows) / len(rows)
        chosen = [min(rows, key=lambda i: (np.linalg.norm(features[i] - mean), i))]
        while len(chosen) < ipc:
            rest = [i for i in rows if i not in chosen]
            gap = {i: min(np.linalg.norm(features[i] - features[j]) for j in chosen) for i in rest}
            chosen.append(max(rest, key=lambda i: (gap[i], -i)))
        result += chosen
    return result


@pytest.mark.parametrize("ipc", [1, 2, 7])
def test_k_center_is_its_definition(ipc):
    features = np.random.default_rng(1).normal(size=(60, 5))
    expected = _direct_k_center(features, LABELS, ipc)
    assert coreset.k_center(features, LABELS, ipc).tolist() == expected


def test_k_center_in_blocks_is_the_same(monkeypatch):
    features = np.random.default_rng(4).normal(size=(60, 5)).astype(np.float32)
    whole = coreset.k_center(features, LABELS, 7)
    monkeypatch.setattr("medjax.coreset.choosing._BLOCK_BYTES", 3 * 5 * 4)
    assert coreset.k_center(features, LABELS, 7).tolist() == whole.tolist()
    features[59] = np.nan
    with pytest.raises(UserError, match="not finite"):
        coreset.k_center(features, LABELS, 7)


def test_k_center_covers_two_clumps_where_random_may_not():
    rng = np.random.default_rng(2)
    features = np.concatenate([rng.normal(size=(50, 2)), rng.normal(size=(2, 2)) + 40])
    rows = coreset.k_center(features.astype(np.float32), np.zeros(52, np.int32), 2)
    assert (features[rows] > 20).all(axis=1).sum() == 1


def test_k_center_never_takes_a_row_twice():
    rows = coreset.k_center(np.ones((4, 3), np.float32), np.zeros(4, np.int32), 4)
    assert sorted(rows.tolist()) == [0, 1, 2, 3]


def test_k_center_keeps_to_one_class_and_to_its_numbers():
    features = np.random.default_rng(3).normal(size=(60, 4)).astype(np.float32)
    rows = coreset.k_center(features, LABELS, [2, 0, 3])
    assert LABELS[rows].tolist() == [0, 0, 2, 2, 2]


def _direct_herding(features, labels, ipc):
    """The definition: each next row is tried, and the mean of all chosen compared."""
    result = []
    for c in range(labels.max() + 1):
        rows = [i for i in range(len(labels)) if labels[i] == c]
        mean, chosen = sum(features[i] for i in rows) / len(rows), []
        while len(chosen) < ipc:
            gap = {
                i: np.linalg.norm(mean - sum(features[j] for j in [*chosen, i]) / (len(chosen) + 1))
                for i in rows
                if i not in chosen
            }
            chosen.append(min(gap, key=lambda i: (gap[i], i)))
        result += chosen
    return result


@pytest.mark.parametrize("ipc", [1, 2, 7])
def test_herding_is_its_definition(ipc):
    features = np.random.default_rng(1).normal(size=(60, 5))
    expected = _direct_herding(features, LABELS, ipc)
    assert coreset.herding(features, LABELS, ipc).tolist() == expected


def test_herding_in_blocks_is_the_same(monkeypatch):
    features = np.random.default_rng(4).normal(size=(60, 5)).astype(np.float32)
    whole = coreset.herding(features, LABELS, [7, 0, 3])
    assert LABELS[whole].tolist() == [0] * 7 + [2] * 3
    monkeypatch.setattr("medjax.coreset.choosing._BLOCK_BYTES", 3 * 5 * 4)
    assert coreset.herding(features, LABELS, [7, 0, 3]).tolist() == whole.tolist()


def test_herding_never_takes_a_row_twice_and_ends_at_the_mean():
    features = np.random.default_rng(5).normal(size=(9, 3)).astype(np.float32)
    rows = coreset.herding(features, np.zeros(9, np.int32), 9)
    assert sorted(rows.tolist()) == list(range(9))
    nearer = [np.linalg.norm(features[rows[:k]].mean(0) - features.mean(0)) for k in (2, 6)]
    assert nearer[1] < nearer[0]


CHOOSERS = {
    "random": lambda labels, ipc: coreset.random_subset(jax.random.key(0), labels, ipc),
    "k-center": lambda labels, ipc: coreset.k_center(np.zeros((len(labels), 2)), labels, ipc),
    "herding": lambda labels, ipc: coreset.herding(np.zeros((len(labels), 2)), labels, ipc),
}


@pytest.mark.parametrize("choose", CHOOSERS.values(), ids=CHOOSERS.keys())
@pytest.mark.parametrize(
    ("labels", "ipc", "message"),
    [
        ([0, 0, 1], 2, "class 1 has 1 images, fewer than ipc 2: lower the ipc"),
        ([0, 2], 1, "class 1 has 0 images, fewer than ipc 1: lower the ipc"),
        ([0, 1], [1, 1, 1], "class 2 has 0 images, fewer than ipc 1: lower the ipc"),
        ([0, 1, 2], [1, 1], r"ipc gives 2 numbers for 3 classes: \[1, 1\]"),
        ([0, 1], -1, "ipc must be whole numbers of at least 0, not -1"),
        ([0, 1], 1.5, "ipc must be whole numbers of at least 0, not 1.5"),
        ([], 1, "there are no images to choose from"),
        ([[0, 1], [1, 0]], 2, "class 0 has 1 images, fewer than ipc 2: lower the ipc"),
        ([[0, 1], [0, 0]], [1, 1], r"ipc gives 2 numbers for 3 classes: \[1, 1\]"),
    ],
)
def test_what_cannot_be_chosen_is_named(choose, labels, ipc, message):
    with pytest.raises(UserError, match=message):
        choose(np.array(labels), ipc)


@pytest.mark.parametrize("choose", [coreset.k_center, coreset.herding])
def test_features_must_fit(choose):
    with pytest.raises(UserError, match=r"60 labels do not fit features of shape \[59, 2\]"):
        choose(np.zeros((59, 2)), LABELS, 1)
    with pytest.raises(UserError, match="not finite"):
        choose(np.full((60, 2), np.nan), LABELS, 1)
