"""The steps of a preparation, each from one image to one image.

An image is ``[h, w, c]`` as it was decoded, of any size and of any real dtype. In *pixel units* it
is uint8 in 0–255 or floating in 0–1; ``window`` and ``percentile_clip`` take native values, such as
16-bit or Hounsfield's, there. The names of fields are those that a user writes.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from PIL import Image, ImageOps

from medjax.data.prepare.percentiles import percentiles
from medjax.data.prepare.whitening import ZCA
from medjax.errors import UserError, unknown

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def _pad(plane: Image.Image, side: tuple[int, int], fill: float) -> Image.Image:
    """The whole plane in the middle of a square; as Pillow's own, which refuses thin ones."""
    inner = [max(round(length * side[0] / max(plane.size)), 1) for length in plane.size]
    square = Image.new("F", side, fill)
    square.paste(
        plane.resize(inner, Image.Resampling.BICUBIC),
        tuple(round((side[0] - length) * 0.5) for length in inner),
    )
    return square


_FITS = {
    "pad": _pad,
    "crop": lambda plane, side, fill: ImageOps.fit(plane, side, Image.Resampling.BICUBIC),
    "stretch": lambda plane, side, fill: plane.resize(side, Image.Resampling.BICUBIC),
}
FITS = tuple(_FITS)
"""What becomes of an image that is not square."""

_OVERS = ("train", "image")
_MODES = ("per_channel", "fixed")


@dataclasses.dataclass(frozen=True)
class Window:
    """``(x - center) / width + 1/2``, cut to 0–1: what DICOM calls the exact linear window.

    Attributes:
      center: the value that becomes middle grey, in the units of the image.
      width: from black to white, in the same units.
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
        """What becomes black, and what white, whatever the values are."""
        return self.center - self.width / 2, self.center + self.width / 2


@dataclasses.dataclass(frozen=True)
class PercentileClip:
    """From one percentile to another, as ``window`` does between two values.

    Attributes:
      low: the percentile, 0–100, that becomes black.
      high: the one that becomes white.
      over: ``train``: of all pixels of all training images, one range for all images; ``image``:
        of the pixels of each image, which makes them alike, whatever they were exposed to.
      bounds: the two values, found in the training images.
    """

    name: ClassVar[str] = "percentile_clip"
    low: float = 0.5
    high: float = 99.5
    over: str = "train"
    bounds: tuple[float, ...] = ()

    def __post_init__(self):
        if not 0 <= self.low < self.high <= 100:
            raise UserError(
                f"percentile_clip needs 0 ≤ low < high ≤ 100, got {self.low, self.high}"
            )
        if self.over not in _OVERS:
            raise unknown("over of percentile_clip", self.over, _OVERS)
        if self.bounds and not (len(self.bounds) == 2 and self.bounds[0] < self.bounds[1]):
            raise UserError(f"percentile_clip needs bounds=(least, greatest), got {self.bounds}")

    @property
    def needs_images(self) -> bool:
        """Whether it has yet to see training images."""
        return self.over == "train" and not self.bounds

    def fit(self, images: Iterable[np.ndarray]) -> "PercentileClip":
        """Finds the bounds in training images."""
        low, high = percentiles(images, (self.low, self.high))
        if not low < high:
            raise UserError(
                f"percentile_clip: {self.low}–{self.high} % of the training pixels are {low:g}"
            )
        return dataclasses.replace(self, bounds=(low, high))

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return between(image, *self.limits(image))

    def limits(self, values: np.ndarray) -> tuple[float, float]:
        """What becomes black, and what white, of an image with those values."""
        if self.needs_images:
            raise UserError("percentile_clip(over=train) has not been fitted to training images")
        low, high = self.bounds or np.percentile(values, (self.low, self.high))
        return float(low), float(high)


@dataclasses.dataclass(frozen=True)
class Resize:
    """To a square by bicubic interpolation, antialiased where it shrinks; the dtype stays.

    Bicubic weights overshoot at edges, which is cut off at the least and the greatest value of the
    image.

    Attributes:
      size: side length in pixels.
      keep_aspect: ``pad``: the whole image, centred on its own least value; ``crop``: the largest
        square in its middle; ``stretch``: the whole image, its sides scaled apart.
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
        low, high, fit = float(image.min()), float(image.max()), _FITS[self.keep_aspect]
        planes = [
            np.asarray(fit(Image.fromarray(image[..., channel].astype(np.float32)), side, low))
            for channel in range(image.shape[-1])
        ]
        return _as_type(np.clip(np.stack(planes, axis=-1), low, high), image.dtype)


@dataclasses.dataclass(frozen=True)
class Clahe:
    """Contrast-limited adaptive histogram equalisation in 8×8 tiles, scikit-image's.

    It stretches each image to the whole of 0–1; of RGB images it takes the value (HSV).

    Attributes:
      clip_limit: 0–1, the share of a tile's pixels that one grey level may count as.
    """

    name: ClassVar[str] = "clahe"
    clip_limit: float = 0.01

    def __post_init__(self):
        if not 0 < self.clip_limit <= 1:
            raise UserError(f"clahe needs 0 < clip_limit ≤ 1, got {self.clip_limit}")

    def __call__(self, image: np.ndarray) -> np.ndarray:
        try:
            from skimage import exposure  # heavy, and an extra
        except ImportError as error:
            raise UserError("clahe needs scikit-image: pip install 'medjax[clahe]'") from error
        pixels = in_pixel_units(image)
        if image.min() == image.max():  # nothing to equalise, and a division by zero
            return pixels
        plane = pixels[..., 0] if image.shape[-1] == 1 else pixels
        equalised = exposure.equalize_adapthist(plane, clip_limit=self.clip_limit)
        return equalised.reshape(image.shape).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Grayscale:
    """One channel: ``0.299 R + 0.587 G + 0.114 B`` (ITU-R BT.601), or the one there is."""

    name: ClassVar[str] = "grayscale"

    def __call__(self, image: np.ndarray) -> np.ndarray:
        if image.shape[-1] == 1:
            return image
        if image.shape[-1] != 3:
            raise UserError(f"grayscale takes 1 or 3 channels, got {image.shape[-1]}")
        return _as_type(image.astype(np.float64) @ np.array(_LUMA)[:, None], image.dtype)


@dataclasses.dataclass(frozen=True)
class Rgb:
    """Three channels: the one there is, three times, or the three there are."""

    name: ClassVar[str] = "rgb"

    def __call__(self, image: np.ndarray) -> np.ndarray:
        if image.shape[-1] not in (1, 3):
            raise UserError(f"rgb takes 1 or 3 channels, got {image.shape[-1]}")
        return np.repeat(image, 3 // image.shape[-1], axis=-1)


@dataclasses.dataclass(frozen=True)
class Normalize:
    """``(pixel - mean) / std`` for each channel: how networks take images. Last in the list.

    Attributes:
      mode: ``per_channel``: mean and standard deviation of the training images; ``fixed``: given.
      mean: for each channel or for all, in pixel units (0–1).
      std: likewise, positive.
    """

    name: ClassVar[str] = "normalize"
    mode: str = "per_channel"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self):
        if self.mode not in _MODES:
            raise unknown("mode of normalize", self.mode, _MODES)
        if (self.mode == "fixed") != (bool(self.mean) and len(self.mean) == len(self.std)):
            raise UserError("normalize takes mean and std, as many of each, where it is fixed")
        if not all(0 < std < math.inf for std in self.std):
            raise UserError(f"normalize needs a std above 0, got {self.std}")


@dataclasses.dataclass(frozen=True)
class Zca:
    """Whitening of whole images, fitted to the training images. Last in the list.

    Attributes:
      definition: one of ``data.ZCA``, see ``data.fit_whitening``.
    """

    name: ClassVar[str] = "zca"
    definition: str

    def __post_init__(self):
        if self.definition not in ZCA[1:]:
            raise unknown("zca", self.definition, ZCA[1:])


def in_pixel_units(image: np.ndarray) -> np.ndarray:
    """An image in 0–1.

    Args:
      image: uint8 in 0–255, or floating in 0–1.

    Returns:
      Float32 of the same shape.

    Raises:
      UserError: for native values, which nobody has said how to see.

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
    """Values from ``low`` to ``high`` as float32 0–1, cut there; all 0 where the two are one.

    Example:
      >>> between(np.array([-160, 40, 400]), -160, 240).tolist()
      [0.0, 0.5, 1.0]
    """
    scaled = (image.astype(np.float64) - low) / ((high - low) or 1)
    return np.clip(scaled, 0, 1).astype(np.float32)


def _as_type(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return (np.rint(values) if np.issubdtype(dtype, np.integer) else values).astype(dtype)
