"""Resizing, a preparation step: images of any aspect ratio become squares."""

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from PIL import Image, ImageOps

from medjax.errors import UserError, unknown


def _pad(plane: Image.Image, side: tuple[int, int], fill: float) -> Image.Image:
    """Centres the whole plane in a square; equals Pillow's own, which refuses thin planes."""
    inner = [max(round(length * side[0] / max(plane.size)), 1) for length in plane.size]
    corner = tuple(round((side[0] - length) * 0.5) for length in inner)
    square = Image.new("F", side, fill)
    square.paste(plane.resize(inner, Image.Resampling.BICUBIC), corner)
    return square


_FITS = {
    "pad": _pad,
    "crop": lambda plane, side, fill: ImageOps.fit(plane, side, Image.Resampling.BICUBIC),
    "stretch": lambda plane, side, fill: plane.resize(side, Image.Resampling.BICUBIC),
}
FITS = tuple(_FITS)
"""The ways to make an image square."""


@dataclasses.dataclass(frozen=True)
class Resize:
    """Resizes to a square by bicubic interpolation, antialiased when shrinking; keeps the dtype.

    Bicubic weights overshoot at edges; results are clipped to the range of the image.

    Attributes:
      size: side length in pixels.
      keep_aspect: ``pad``: the whole image, centred on its own least value; ``crop``: the largest
        square in its middle; ``stretch``: the whole image, each side scaled by itself.
    """

    name: ClassVar[str] = "resize"
    size: int
    keep_aspect: str = "pad"

    def __post_init__(self):
        if self.size < 1:
            raise UserError(f"resize needs a size of at least 1, got {self.size}")
        if self.keep_aspect not in _FITS:
            raise unknown("keep_aspect of resize", self.keep_aspect, _FITS)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        side = (self.size, self.size)
        if image.shape[:2] == side:
            return image
        return _resized(image, side, _FITS[self.keep_aspect])


def stretch(image: np.ndarray, side: tuple[int, int]) -> np.ndarray:
    """Resizes ``[h, w, c]`` to a width and a height, as ``Resize`` does, whatever its aspect.

    Example:
      >>> stretch(np.zeros((2, 3, 1), np.uint8), (6, 2)).shape
      (2, 6, 1)
    """
    return _resized(image, side, _FITS["stretch"])


def _resized(image: np.ndarray, side: tuple[int, int], fit: Callable[..., Image.Image]):
    """Resizes each channel, within the range of the image."""
    low, high = float(image.min()), float(image.max())
    planes = np.moveaxis(image.astype(np.float32), -1, 0)
    resized = [np.asarray(fit(Image.fromarray(plane), side, low)) for plane in planes]
    values = np.clip(np.stack(resized, axis=-1), low, high)
    integers = np.issubdtype(image.dtype, np.integer)
    return (np.rint(values) if integers else values).astype(image.dtype)
