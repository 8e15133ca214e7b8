"""Exact percentiles of more values than fit in memory."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from medjax.errors import UserError

_AT_ONCE = 2**20  # values that wait to be merged


def percentiles(images: Iterable[np.ndarray], wanted: tuple[float, ...]) -> tuple[float, ...]:
    """Computes ``np.percentile`` over the pixels of all images from counts of distinct values.

    Args:
      images: arrays of any shape and real dtype.
      wanted: percentages, 0–100.

    Raises:
      UserError: if there are no pixels.

    Example:
      >>> percentiles([np.arange(6), np.arange(6, 11)], (0, 50, 95))
      (0.0, 5.0, 9.5)
    """
    parts, waiting, merged = [], 0, 0
    for image in images:
        parts.append(np.unique(image, return_counts=True))
        waiting += len(parts[-1][0])
        if waiting > max(merged, _AT_ONCE):  # merges rarely, so that each value moves a few times
            parts, waiting = [_merged(parts)], 0
            merged = len(parts[0][0])
    if not parts:
        raise UserError("no training image has pixels to find percentiles of")
    values, counts = _merged(parts)
    ends = np.cumsum(counts)
    found = []
    for percent in wanted:
        place = percent / 100 * (ends[-1] - 1)
        below, above = values[np.searchsorted(ends, [math.floor(place), math.ceil(place)], "right")]
        found.append(float(below + (above - below) * (place - math.floor(place))))
    return tuple(found)


def _merged(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Returns each distinct value once, ascending, and the counts."""
    found, times = (np.concatenate(column) for column in zip(*parts, strict=True))
    values, where = np.unique(found.astype(np.float64), return_inverse=True)
    return values, np.bincount(where, times).astype(np.int64)
