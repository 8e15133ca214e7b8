"""Vectors of images, which lie on disk where the images do."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

from medjax import data
from medjax.errors import UserError
from medjax.types import Array

_IMAGES_PER_PIECE = 512


@contextlib.contextmanager
def vectors_of(
    images: Array | data.HostImages, make: Callable[[Array], np.ndarray]
) -> Iterator[np.ndarray]:
    """What a function makes of all images: at once, or of images on disk piece by piece.

    Args:
      images: ``[n, h, w, c]``; memory-mapped ones and ``HostImages`` are on disk.
      make: images ``[b, h, w, c]`` to vectors ``[b, f]``.

    Yields:
      Vectors ``[n, f]``; of images on disk mapped from an unnamed file beside theirs, which is gone
      afterwards.

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
        with tempfile.TemporaryFile(dir=images.folder) as file:  # without a name: nothing stays
            for start in range(0, len(images), _IMAGES_PER_PIECE):
                rows = np.arange(start, min(start + _IMAGES_PER_PIECE, len(images)))
                vectors = make(images.read(rows))
                vectors.tofile(file)
            file.flush()
            yield np.memmap(file, vectors.dtype, "r", shape=(len(images), vectors.shape[1]))
    except OSError as error:
        raise UserError(f"cannot keep features of images in {images.folder}: {error}") from error
