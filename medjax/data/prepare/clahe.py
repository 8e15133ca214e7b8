"""CLAHE, a preparation step: contrast-limited adaptive histogram equalisation."""

import dataclasses
from typing import ClassVar

import numpy as np

from medjax.data.prepare.windowing import in_pixel_units
from medjax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Clahe:
    """Equalises the histogram in 8×8 tiles, with scikit-image.

    It stretches each image to the whole of 0–1; in RGB images it changes the value (HSV).

    Attributes:
      clip_limit: 0–1, the largest share of a tile's pixels that one grey level may count.
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
            raise UserError("clahe needs scikit-image: pip install -e '.[clahe]'") from error
        pixels = in_pixel_units(image)
        if image.min() == image.max():  # avoids a division by zero
            return pixels
        plane = pixels[..., 0] if image.shape[-1] == 1 else pixels
        equalised = exposure.equalize_adapthist(plane, clip_limit=self.clip_limit)
        return equalised.reshape(image.shape).astype(np.float32)
