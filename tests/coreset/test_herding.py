"""Herding against its definition."""

import numpy as np
import pytest

from medjax import coreset

LABELS = np.random.default_rng(0).integers(0, 3, 60)


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
    monkeypatch.setattr("medjax.coreset.distances._BLOCK_BYTES", 3 * 5 * 4)
    assert coreset.herding(features, LABELS, [7, 0, 3]).tolist() == whole.tolist()


def test_herding_never_takes_a_row_twice_and_ends_at_the_mean():
    features = np.random.default_rng(5).normal(size=(9, 3)).astype(np.float32)
    rows = coreset.herding(features, np.zeros(9, np.int32), 9)
    assert sorted(rows.tolist()) == list(range(9))
    nearer = [np.linalg.norm(features[rows[:k]].mean(0) - features.mean(0)) for k in (2, 6)]
    assert nearer[1] < nearer[0]
