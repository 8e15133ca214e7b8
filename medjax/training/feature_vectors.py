"""Feature vectors of images, kept on disk if the images are."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from medjax import data
from medjax.errors import UserError
from medjax.training.inputs import Pixels

_IMAGES_PER_PIECE = 512


@contextlib.contextmanager
def vectors_of(images: Pixels, make: Callable[[Any], np.ndarray]) -> Iterator[np.ndarray]:
    """Computes a vector for every image, piece by piece for images on disk.

    Args:
      images: ``[n, h, w, c]``; memory-mapped ones and ``HostImages`` are on disk.
      make: maps images ``[b, h, w, c]`` to vectors ``[b, f]``.

    Yields:
      Vectors ``[n, f]``. Those of images on disk are mapped from an unnamed file in the same
      folder, which disappears afterwards.

    Raises:
      UserError: if that file cannot be written.

    Example:
      >>> with vectors_of(np.ones((2, 3, 3, 1)), lambda some: some.reshape(len(some), -1)) as found:
      ...     found.shape
      (2, 9)
    """
    images = data.place(images) if isinstance(images, np.memmap) else images
    if not isinstance(images, data.HostImages):
        yield make(images)
        return
    try:
        with tempfile.TemporaryFile(dir=images.folder) as file:  # unnamed: it leaves nothing behind
            for start in range(0, len(images), _IMAGES_PER_PIECE):
                rows = np.arange(start, min(start + _IMAGES_PER_PIECE, len(images)))
                vectors = make(images.read(rows))
                vectors.tofile(file)
            file.flush()
            yield np.memmap(file, vectors.dtype, "r", shape=(len(images), vectors.shape[1]))
    except OSError as error:
        raise UserError(f"cannot keep features of images in {images.folder}: {error}") from error
