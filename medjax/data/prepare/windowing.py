"""Preparation steps that map intensities to 0–1: a window and a percentile clip.

An image is ``[h, w, c]`` of any size and real dtype. In *pixel units* it is uint8 in 0–255 or
floating in 0–1; these two steps also take raw values, such as 16-bit or Hounsfield units.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from medjax.data.prepare.percentiles import percentiles
from medjax.errors import UserError, unknown

_OVERS = ("train", "image")


@dataclasses.dataclass(frozen=True)
class Window:
    """``(x - center) / width + 1/2``, clipped to 0–1: the exact linear window of DICOM.

    Attributes:
      center: the value that becomes middle grey, in the units of the image.
      width: the distance from black to white, in the same units.
    """

    name: ClassVar[str] = "window"
    center: float
    width: float

    def __post_init__(self):
        if not (math.isfinite(self.center) and 0 < self.width < math.inf):
            raise UserError(f"window needs a width above 0, got {self.width} at {self.center}")

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return between(image, *self.limits(image))

    def limits(self, _values: np.ndarray) -> tuple[float, float]:
        """Returns the values that become black and white, which depend on no image."""
        return self.center - self.width / 2, self.center + self.width / 2


@dataclasses.dataclass(frozen=True)
class PercentileClip:
    """Maps one percentile to black and another to white, as ``Window`` does with two values.

    Attributes:
      low: the percentile, 0–100, that becomes black.
      high: the percentile, 0–100, that becomes white.
      over: ``train``: percentiles of all training pixels, one range for all images; ``image``:
        percentiles of each image, which removes differences in exposure.
      bounds: the two values found in the training images.
    """

    name: ClassVar[str] = "percentile_clip"
    low: float = 0.5
    high: float = 99.5
    over: str = "train"
    bounds: tuple[float, ...] = ()

    def __post_init__(self):
        if not 0 <= self.low < self.high <= 100:
            got = f"{self.low, self.high}"
            raise UserError(f"percentile_clip needs 0 ≤ low < high ≤ 100, got {got}")
        if self.over not in _OVERS:
            raise unknown("over of percentile_clip", self.over, _OVERS)
        if self.bounds and not (len(self.bounds) == 2 and self.bounds[0] < self.bounds[1]):
            raise UserError(f"percentile_clip needs bounds=(least, greatest), got {self.bounds}")

    @property
    def needs_images(self) -> bool:
        """Whether the step must still be fitted to training images."""
        return self.over == "train" and not self.bounds

    def fit(self, images: Iterable[np.ndarray]) -> "PercentileClip":
        """Finds the bounds in training images."""
        low, high = percentiles(images, (self.low, self.high))
        if not low < high:
            span = f"{self.low}–{self.high} %"
            raise UserError(f"percentile_clip: {span} of the training pixels are {low:g}")
        return dataclasses.replace(self, bounds=(low, high))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return between(image, *self.limits(image))

    def limits(self, values: np.ndarray) -> tuple[float, float]:
        """Returns the values that become black and white in an image with those values."""
        if self.needs_images:
            raise UserError("percentile_clip(over=train) has not been fitted to training images")
        low, high = self.bounds or np.percentile(values, (self.low, self.high))
        return float(low), float(high)


def in_pixel_units(image: np.ndarray) -> np.ndarray:
    """Converts uint8 0–255 or floats in 0–1 to float32 in 0–1.

    Raises:
      UserError: for raw values, whose black and white are unknown.

    Example:
      >>> in_pixel_units(np.full((1, 1, 1), 255, np.uint8)).item()
      1.0
    """
    if image.dtype == np.uint8:
        return image.astype(np.float32) / 255
    low, high = image.min(), image.max()
    if not np.issubdtype(image.dtype, np.floating) or not (low >= 0 and high <= 1):
        raise UserError(
            f"{image.dtype} values in {low:g}–{high:g} are neither uint8 nor in 0–1; put "
            "window(center, width) or percentile_clip before"
        )
    return image.astype(np.float32)


def between(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Maps ``low``–``high`` to float32 0–1 and clips; all zeros if the two are equal.

    Example:
      >>> between(np.array([-160, 40, 400]), -160, 240).tolist()
      [0.0, 0.5, 1.0]
    """
    scaled = (image.astype(np.float64) - low) / ((high - low) or 1)
    return np.clip(scaled, 0, 1).astype(np.float32)
