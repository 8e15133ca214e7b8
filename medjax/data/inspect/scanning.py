"""Reads the images of a split once, in bounded memory, for all that is asked of each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from medjax.data.inspect.acquisition import FACTS, measure_pictures
from medjax.data.inspect.duplicates import digests

_CHUNK_BYTES = 2**24


class Scanned(NamedTuple):
    """What was found in the images of a split.

    Attributes:
      digests: digest of each image, bytes ``[n]``.
      blank: whether all pixels of an image are the same, bool ``[n]``.
      made: ``acquisition.FACTS`` of each image, ``[n, 8]``; None if it was not measured,
        or the images are not bytes of one shape.
    """

    digests: np.ndarray
    blank: np.ndarray
    made: np.ndarray | None


def scan(images: Sequence[np.ndarray], *, measured: bool = True) -> Scanned:
    """Reads images, which may be mapped from a disk.

    Args:
      images: an array ``[n, h, w, c]``, or a sequence of arrays ``[h, w]`` or ``[h, w, c]`` of any
        sizes and dtypes.
      measured: whether ``made`` is measured; otherwise it is None.

    Returns:
      What was found.

    Example:
      >>> found = scan(np.zeros((2, 4, 4, 1), np.uint8))
      >>> found.blank.tolist(), bool(found.digests[0] == found.digests[1])
      ([True, True], True)
    """
    if not _is_array(images):
        blank = [bool((image == image[:1, :1]).all()) for image in images]
        return Scanned(digests(images), np.array(blank, bool), None)
    rows = max(_CHUNK_BYTES // max(images[:1].nbytes, 1), 1)
    hashes, blank = [digests(images[:0])], [np.empty(0, bool)]
    made = [np.empty((0, len(FACTS)), np.float32)]
    for start in range(0, len(images), rows):
        chunk = np.array(images[start : start + rows])  # read from disk once
        hashes.append(digests(chunk))
        blank.append((chunk == chunk[:, :1, :1]).all(axis=(1, 2, 3)))
        if measured:
            made.append(measure_pictures(chunk))
    facts = np.concatenate(made) if measured else None
    return Scanned(np.concatenate(hashes), np.concatenate(blank), facts)


def _is_array(images: Sequence[np.ndarray]) -> bool:
    """Returns whether images are bytes of one shape, grey or RGB."""
    shape = np.shape(images) if isinstance(images, np.ndarray) else ()
    return len(shape) == 4 and shape[3] in (1, 3) and images.dtype == np.uint8
