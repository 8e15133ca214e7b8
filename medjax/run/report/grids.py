"""Pictures of images: grids with a row per class, and PNG files."""

import io
import os

import numpy as np
from PIL import Image

from medjax import store
from medjax.data import to_uint8

# The least screen pixels of the longer side of a picture.
_LEGIBLE = 64
_GAP = 2
_PAPER = 255


def image_grid(
    images: np.ndarray,
    labels: np.ndarray,
    *,
    columns: int | None = None,
    legible: int = _LEGIBLE,
) -> np.ndarray:
    """Arranges images class by class.

    Args:
      images: floats ``[n, h, w, c]`` in pixel units, grey (c = 1) or RGB (c = 3).
      labels: ints ``[n]``, where every class starts a new row, in ascending order; or one row of
        labels per image ``[n, l]``, where the images keep their order.
      columns: images per row; a class with more continues in the next row. The default is the
        size of the largest class, and 10 for rows of labels.
      legible: pixels of the longer side below which images are enlarged, by repeating pixels.

    Returns:
      uint8 ``[H, W]`` (grey) or ``[H, W, 3]`` on white.

    Example:
      >>> images = np.zeros((3, 64, 64, 1))
      >>> image_grid(images, np.array([0, 0, 1])).shape  # two rows of up to two images
      (134, 134)
    """
    images, labels = np.asarray(images), np.asarray(labels)
    tiles = _enlarge(to_uint8(images), axes=(1, 2), legible=legible)
    if labels.ndim == 1:
        groups = [tiles[labels == label] for label in np.unique(labels)]
        columns = columns or max(len(group) for group in groups)
    else:
        groups, columns = [tiles], columns or min(10, len(tiles))
    rows = [group[i : i + columns] for group in groups for i in range(0, len(group), columns)]
    _, height, width, channels = tiles.shape
    down, across = height + _GAP, width + _GAP
    shape = (len(rows) * down + _GAP, columns * across + _GAP, channels)
    grid = np.full(shape, _PAPER, np.uint8)
    for i, row in enumerate(rows):
        for j, tile in enumerate(row):
            top, left = _GAP + i * down, _GAP + j * across
            grid[top : top + height, left : left + width] = tile
    return grid[..., 0] if channels == 1 else grid


def png_bytes(array: np.ndarray) -> bytes:
    """Encodes a picture, uint8 ``[h, w]``, ``[h, w, 1]`` or ``[h, w, 3]``, as PNG.

    The same picture always gives the same bytes.

    Example:
      >>> png_bytes(np.zeros((2, 2), np.uint8))[1:4]
      b'PNG'
    """
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def save_png(path: str | os.PathLike, array: np.ndarray) -> None:
    """Writes a PNG file atomically.

    Args:
      path: the file; an existing one is replaced.
      array: uint8 ``[h, w]``, ``[h, w, 1]`` or ``[h, w, 3]``; a picture smaller than 64 pixels is
        enlarged by repeating pixels.

    Raises:
      UserError: if the file cannot be written.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     save_png(f"{folder}/dot.png", np.zeros((28, 28), np.uint8))
      ...     with Image.open(f"{folder}/dot.png") as picture:
      ...         print(picture.size)
      (84, 84)
    """
    store.write_bytes(path, png_bytes(_enlarge(np.asarray(array), axes=(0, 1), legible=_LEGIBLE)))


def _enlarge(pixels: np.ndarray, *, axes: tuple[int, int], legible: int) -> np.ndarray:
    factor = -(-legible // max(pixels.shape[axis] for axis in axes))
    for axis in axes:
        pixels = np.repeat(pixels, factor, axis=axis)
    return pixels
