"""Distances between feature vectors, in blocks so that memory-mapped features fit in memory."""

from collections.abc import Iterator

import numpy as np

from medjax.errors import UserError

_BLOCK_BYTES = 2**23


def checked_features(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the features as an array.

    Raises:
      UserError: they are not finite, or do not fit the labels.
    """
    features = np.asarray(features)
    if features.ndim != 2 or len(features) != len(labels):
        raise UserError(f"{len(labels)} labels do not fit features of shape {list(features.shape)}")
    if not all(np.isfinite(block).all() for block in _blocks(features, np.arange(len(labels)))):
        raise UserError("features are not finite: no distance can be measured")
    return features


def mean(features: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns the mean of some rows, float64 ``[f]``."""
    total = np.zeros(features.shape[1])
    for block in _blocks(features, rows):
        total += block.sum(axis=0, dtype=np.float64)
    return total / len(rows)


def squared_distances(features: np.ndarray, rows: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Returns the squared Euclidean distances of some rows to a centre, ``[len(rows)]``."""
    blocks = _blocks(features, rows)
    return np.concatenate([np.square(block - centre).sum(axis=-1) for block in blocks])


def _blocks(features: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    size = max(_BLOCK_BYTES // max(features.shape[1] * features.itemsize, 1), 1)
    for start in range(0, len(rows), size):
        yield features[rows[start : start + size]]
