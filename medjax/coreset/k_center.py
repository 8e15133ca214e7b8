"""Greedy k-center: real images that cover their class."""

from collections.abc import Sequence

import numpy as np

from medjax.coreset.class_rows import choose_by_class
from medjax.coreset.distances import mean, squared_distances


def k_center(features: np.ndarray, labels: np.ndarray, ipc: int | Sequence[int]) -> np.ndarray:
    """Chooses ``ipc`` rows of every class that cover it: greedy k-center in an embedding.

    The first row is nearest to the mean of its class; each later row is the farthest from those
    already chosen (Euclidean distance). The first of equally distant rows is taken, so the choice
    is deterministic, and a smaller subset's rows are the first of a larger one's.

    Args:
      features: float ``[n, f]``; read in blocks, so a memory-mapped file is fine.
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, L]`` of a multi-label set.
      ipc: images per class; one number, or one for each of the ``C`` classes or groups.

    Returns:
      int64 ``[Σ ipc]`` rows, those of class 0 first, then those of class 1, …; within a class in
      the order of choice.

    Raises:
      UserError: a class has fewer than ``ipc`` rows, ``ipc`` is negative or has the wrong length,
        or the features are not finite or do not fit the labels.

    Example:
      >>> k_center(np.array([[0.0], [1.0], [2.0], [9.0]]), np.zeros(4, int), 2).tolist()
      [2, 3]

    Sener and Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach",
    ICLR 2018.
    """
    return choose_by_class(_places, features, labels, ipc)


def _places(features: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """Returns ``count`` distinct places in ``rows``, each the farthest from those before."""
    chosen = np.zeros(count, np.int64)
    if not count:
        return chosen
    centre = mean(features, rows).astype(features.dtype)
    chosen[0] = np.argmin(squared_distances(features, rows, centre))
    nearest = np.full(len(rows), np.inf, features.dtype)
    for place in range(1, count):
        last = chosen[place - 1]
        nearest = np.minimum(nearest, squared_distances(features, rows, features[rows[last]]))
        # Below every distance, so that duplicates at distance zero cannot bring it back.
        nearest[last] = -1
        chosen[place] = np.argmax(nearest)
    return chosen
