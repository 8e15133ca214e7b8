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
      values: the pixels before a look-up table or a curve made them what is shown; ``None`` where
        nothing did.
      inverted: whether it is a negative, so that ``black`` is shown as white.
      padding: bool ``[h, w]``, where nothing was measured; shown as black, whatever the values
        there are. ``None`` for nowhere.
    """

    pixels: np.ndarray
    black: float
    white: float
    values: np.ndarray | None = None
    inverted: bool = False
    padding: np.ndarray | None = None

    def shown(self) -> np.ndarray:
        """Returns the pixels from black to white as float32 0–1, clipped; or bytes as they are."""
        if self.pixels.dtype == np.uint8 and (self.black, self.white) == (0, 255):
            return self.finish(self.pixels)
        if self.white <= self.black:  # a window without width is a threshold
            beyond = self.pixels < self.black if self.inverted else self.pixels > self.black
            return self._replace(inverted=False).finish(beyond.astype(np.float32))
        scale = np.float32(self.white - self.black)
        above = self.pixels.astype(np.float32) - np.float32(self.black)
        return self.finish(np.clip(above / scale, 0, 1))

    def finish(self, image: np.ndarray) -> np.ndarray:
        """Turns a negative, and blackens padding.

        Args:
          image: ``[h, w]`` or ``[h, w, c]``, uint8 or floats in 0–1, as ``pixels`` were scaled.

        Returns:
          What is shown.
        """
        if self.inverted:
            image = (255 if image.dtype == np.uint8 else 1) - image
        if self.padding is not None:
            image = image.copy()
            image[self.padding] = 0
        return image

    def raw(self) -> np.ndarray:
        """Returns the values as the file has them, ``[h, w, c]``."""
        values = self.pixels if self.values is None else self.values
        return values[..., None] if values.ndim == 2 else values

    def inside(self) -> np.ndarray:
        """Returns the raw values outside the padding, ``[n, c]``."""
        values = self.raw()
        if self.padding is None:
            return values.reshape(-1, values.shape[-1])
        return values[~self.padding]


def full_range(pixels: np.ndarray, *, padding: np.ndarray | None = None) -> Picture:
    """A picture whose darkest value is black and whose brightest is white.

    Args:
      pixels: as a ``Picture`` has them.
      padding: likewise; it has no say, unless it is everywhere.

    Returns:
      The picture.
    """
    inside = pixels if padding is None or padding.all() else pixels[~padding]
    return Picture(pixels, float(inside.min()), float(inside.max()), padding=padding)
