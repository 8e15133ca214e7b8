"""Pictures as they were taken."""

from typing import NamedTuple

import numpy as np


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

    def shown(self) -> np.ndarray:
        """Returns the pixels from black to white as float32 0–1, clipped; or bytes as they are."""
        if self.pixels.dtype == np.uint8 and (self.black, self.white) == (0, 255):
            return self.pixels
        if self.white <= self.black:  # a window without width is a threshold
            return (self.pixels > self.black).astype(np.float32)
        scale = np.float32(self.white - self.black)
        return np.clip((self.pixels.astype(np.float32) - np.float32(self.black)) / scale, 0, 1)


def full_range(pixels: np.ndarray) -> Picture:
    """A picture whose darkest value is black and whose brightest is white.

    Args:
      pixels: as a ``Picture`` has them.

    Returns:
      The picture.
    """
    return Picture(pixels, float(pixels.min()), float(pixels.max()))
