"""Greedy k-center against its definition."""

import numpy as np
import pytest

from medjax import coreset
from medjax.errors import UserError

LABELS = np.random.default_rng(0).integers(0, 3, 60)


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
    monkeypatch.setattr("medjax.coreset.distances._BLOCK_BYTES", 3 * 5 * 4)
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
