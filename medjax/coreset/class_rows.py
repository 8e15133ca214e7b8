"""The rows of every class, and the number of images that are wanted of it.

The classes of a multi-label set are groups, see ``data.group_indices``: an image may be chosen for
several of them.
"""

from collections.abc import Callable, Sequence

import numpy as np

from medjax import data
from medjax.coreset.distances import checked_features
from medjax.errors import UserError


def at_most(labels: np.ndarray, ipc: int | Sequence[int]) -> list[int]:
    """Limits ``ipc`` to the number of images of each class.

    A synthetic set may have more images of a class than there are real ones; a real subset for
    comparison cannot.

    Args:
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, L]`` of a multi-label set.
      ipc: images per class; one number, or one for each of the ``C`` classes or groups.

    Returns:
      Images of each class, ``min(ipc, its number of images)``.

    Raises:
      UserError: ``ipc`` is negative or has the wrong length.

    Example:
      >>> at_most(np.array([0, 1, 1]), 2)
      [1, 2]
    """
    return [min(len(rows), count) for rows, count in _wanted(labels, ipc)]


def class_rows(labels: np.ndarray, ipc: int | Sequence[int]) -> list[tuple[np.ndarray, int]]:
    """Returns the rows of every class with the number wanted of it.

    Raises:
      UserError: a class has too few rows, or ``ipc`` is negative or has the wrong length.
    """
    classes = _wanted(labels, ipc)
    for label, (rows, count) in enumerate(classes):
        if len(rows) < count:
            raise UserError(
                f"class {label} has {len(rows)} images, fewer than ipc {count}: lower the ipc"
            )
    return classes


def choose_by_class(
    choose: Callable[[np.ndarray, np.ndarray, int], np.ndarray],
    features: np.ndarray,
    labels: np.ndarray,
    ipc: int | Sequence[int],
) -> np.ndarray:
    """Returns the chosen rows of every class, those of class 0 first.

    ``choose(features, rows, count)`` returns the places of the chosen ones in ``rows``.
    """
    features = checked_features(features, labels)
    chosen = [rows[choose(features, rows, count)] for rows, count in class_rows(labels, ipc)]
    return np.concatenate(chosen)


def _wanted(labels: np.ndarray, ipc: int | Sequence[int]) -> list[tuple[np.ndarray, int]]:
    labels, counts = np.asarray(labels), np.asarray(ipc)
    if not labels.size:
        raise UserError("there are no images to choose from")
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or (counts < 0).any():
        raise UserError(f"ipc must be whole numbers of at least 0, not {ipc}")
    num_classes = labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1
    if counts.ndim == 1 and labels.ndim == 1:  # the last classes may have no image here
        num_classes = max(num_classes, len(counts))
    by_class = data.group_indices(labels, num_classes=num_classes)
    if counts.ndim == 1 and len(counts) != len(by_class):
        raise UserError(f"ipc gives {len(counts)} numbers for {len(by_class)} classes: {ipc}")
    counts = np.full(len(by_class), counts) if counts.ndim == 0 else counts
    return [(rows, int(count)) for rows, count in zip(by_class, counts, strict=True)]
