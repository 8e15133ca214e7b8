"""A picture at its own size and depth."""

from typing import NamedTuple

import numpy as np

from medjax.data.prepare.resizing import stretch


class Picture(NamedTuple):
    """A picture at its own size and depth, and how its values are shown.

    Attributes:
      pixels: ``[h, w]``, or ``[h, w, 3]`` for red, green and blue; integers, or finite float32, in
        the units of the file (Hounsfield units for CT).
      black: the value that is shown as black, like all smaller ones.
      white: the value that is shown as white; at least ``black``.
      values: the pixels before a look-up table or a curve; ``None`` if there was none.
      inverted: whether it is a negative, so that ``black`` is shown as white.
      padding: bool ``[h, w]``, where nothing was measured; it is shown as black. ``None`` for none.
      aspect: the height of a pixel over its width; pictures are shown with square pixels.
      remarks: what may be wrong with it, as the end of a sentence that begins with a number of
        images; a set says each once.
      depth_unknown: whether ``white`` is the greatest value of 16 bits only because the file does
        not say how many bits it uses.
    """

    pixels: np.ndarray
    black: float
    white: float
    values: np.ndarray | None = None
    inverted: bool = False
    padding: np.ndarray | None = None
    aspect: float = 1.0
    remarks: tuple[str, ...] = ()
    depth_unknown: bool = False

    def shown(self) -> np.ndarray:
        """Returns the pixels from black to white as clipped float32 0–1; bytes stay bytes."""
        if self.pixels.dtype == np.uint8 and (self.black, self.white) == (0, 255):
            return self.finish(self.pixels)
        if self.white <= self.black:  # a window without width is a threshold
            beyond = self.pixels < self.black if self.inverted else self.pixels > self.black
            return self._replace(inverted=False).finish(beyond.astype(np.float32))
        scale = np.float32(self.white - self.black)
        above = self.pixels.astype(np.float32) - np.float32(self.black)
        return self.finish(np.clip(above / scale, 0, 1))

    def finish(self, image: np.ndarray) -> np.ndarray:
        """Inverts a negative, blackens padding, and makes pixels square.

        Args:
          image: the scaled ``pixels``, ``[h, w]`` or ``[h, w, c]``, uint8 or floats in 0–1.

        Returns:
          The image as it is shown.
        """
        if self.inverted:
            image = (255 if image.dtype == np.uint8 else 1) - image
        if self.padding is not None:
            image = image.copy()
            image[self.padding] = 0
        return image if self.aspect == 1 else self._with_square_pixels(image)

    def _with_square_pixels(self, image: np.ndarray) -> np.ndarray:
        """Stretches the side along which pixels are longer."""
        height, width = image.shape[:2]
        side = round(width * max(1 / self.aspect, 1)), round(height * max(self.aspect, 1))
        return stretch(image[..., None], side)[..., 0] if image.ndim == 2 else stretch(image, side)

    def raw(self) -> np.ndarray:
        """Returns the values of the file, ``[h, w, c]``."""
        values = self.pixels if self.values is None else self.values
        return values[..., None] if values.ndim == 2 else values

    def inside(self) -> np.ndarray:
        """Returns the raw values outside the padding, ``[n, c]``."""
        values = self.raw()
        if self.padding is None:
            return values.reshape(-1, values.shape[-1])
        return values[~self.padding]


def full_range(pixels: np.ndarray, *, padding: np.ndarray | None = None) -> Picture:
    """Returns a picture whose darkest value is black and whose brightest is white.

    Values in the padding are ignored, unless it is everywhere.
    """
    inside = pixels if padding is None or padding.all() else pixels[~padding]
    return Picture(pixels, float(inside.min()), float(inside.max()), padding=padding)
