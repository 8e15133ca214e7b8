"""Pictures as they were taken, and how they become the pixels of a data set."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from medjax.errors import UserError, unknown

FITS = ("pad", "stretch")
"""What becomes of a picture that is not square: black bars, or another aspect."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601, as Pillow has it


class Picture(NamedTuple):
    """One picture at its own size and depth, and what its values stand for.

    Attributes:
      pixels: ``[h, w]``, or ``[h, w, 3]`` for red, green and blue; integers, or finite float32, in
        the units of the file (of a CT, Hounsfield units).
      black: the value that is shown as black; smaller ones are too.
      white: the value that is shown as white; at least ``black``.
      values: the pixels before a look-up table, a curve or an inversion made them what is shown;
        ``None`` where nothing did.
      inverted: whether the least of ``values`` is shown as white.
    """

    pixels: np.ndarray
    black: float
    white: float
    values: np.ndarray | None = None
    inverted: bool = False


def quantise(picture: Picture, *, size: int, channels: int, fit: str = "pad") -> np.ndarray:
    """A picture as bytes of one size.

    Values go from black–white to 0–1 and are clipped; a colour picture becomes grey as
    ``0.299 R + 0.587 G + 0.114 B`` where one channel is wanted, a grey one is repeated where three
    are; what is not of the size wanted is resized bicubically, antialiased where it shrinks; last,
    values are rounded to 0–255. Bytes that already have the size stay as they are.

    Args:
      picture: any size and depth.
      size: side length in pixels.
      channels: 1 or 3.
      fit: ``"pad"`` keeps the aspect and fills up with black, the picture centred; ``"stretch"``
        does not keep it.

    Returns:
      uint8 ``[size, size, channels]``.

    Raises:
      UserError: for another ``fit``, or a size that is no positive number.

    Example:
      >>> wide = Picture(np.full((2, 4), 900, np.uint16), black=0, white=900)
      >>> quantise(wide, size=4, channels=1)[:, 0, 0].tolist()
      [0, 255, 255, 0]
    """
    if fit not in FITS:
        raise unknown("fit", fit, FITS)
    if size < 1:
        raise UserError(f"size must be at least 1, got {size}")
    values = picture.pixels.astype(np.float32)
    if picture.white > picture.black:
        values = (values - np.float32(picture.black)) / np.float32(picture.white - picture.black)
    else:  # a window without width is a threshold
        values = (values > picture.black).astype(np.float32)
    values = np.clip(values, 0, 1).reshape(*values.shape[:2], -1)
    if values.shape[2] > channels:
        values = values @ _LUMA[:, None]
    height, width = values.shape[:2]
    longest = max(height, width) if fit == "pad" else None
    to = [max(round(side * size / (longest or side)), 1) for side in (height, width)]
    if to != [height, width]:
        planes = [
            Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(values, 2, 0)
        ]
        resized = [plane.resize(to[::-1], Image.Resampling.BICUBIC) for plane in planes]
        values = np.stack([np.asarray(plane) for plane in resized], axis=2)
    out = np.zeros((size, size, channels), np.uint8)
    top, left = ((size - side) // 2 for side in to)
    place = out[top : top + to[0], left : left + to[1]]
    place[:] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return out


def full_range(pixels: np.ndarray) -> Picture:
    """A picture whose darkest value is black and whose brightest is white.

    Args:
      pixels: as a ``Picture`` has them.

    Returns:
      The picture.
    """
    return Picture(pixels, float(pixels.min()), float(pixels.max()))
