"""A random subset of every class, the baseline that any synthetic set must beat."""

from collections.abc import Sequence

import jax
import numpy as np

from medjax.coreset.class_rows import class_rows
from medjax.types import PRNGKey


def random_subset(key: PRNGKey, labels: np.ndarray, ipc: int | Sequence[int]) -> np.ndarray:
    """Draws ``ipc`` rows of every class uniformly, without replacement.

    With one key, a smaller subset's rows of a class are the first of a larger one's.

    Args:
      key: PRNG key.
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, L]`` of a multi-label set.
      ipc: images per class; one number, or one for each of the ``C`` classes or groups.

    Returns:
      int64 ``[Σ ipc]`` rows, those of class 0 first, then those of class 1, ….

    Raises:
      UserError: a class has fewer than ``ipc`` rows, ``ipc`` is negative or has the wrong length.

    Example:
      >>> labels = np.array([1, 0, 1, 0, 1])
      >>> labels[random_subset(jax.random.key(0), labels, [1, 2])].tolist()
      [0, 1, 1]
    """
    # Classes have no common image and may share the draws; groups overlap and may not.
    shared, chosen = np.ndim(labels) == 1, []
    for label, (rows, count) in enumerate(class_rows(labels, ipc)):
        own = key if shared else jax.random.fold_in(key, label)
        draws = np.asarray(jax.random.bits(own, (len(labels),), np.uint32))
        chosen.append(rows[np.argsort(draws[rows], kind="stable")[:count]])
    return np.concatenate(chosen)
