"""Preparation steps that set the number of channels."""

import dataclasses
from typing import ClassVar

import numpy as np

from medjax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Grayscale:
    """One channel: ``0.299 R + 0.587 G + 0.114 B`` (ITU-R BT.601); grey images stay as they are."""

    name: ClassVar[str] = "grayscale"

    def __call__(self, image: np.ndarray) -> np.ndarray:
        if image.shape[-1] == 1:
            return image
        if image.shape[-1] != 3:
            raise UserError(f"grayscale takes 1 or 3 channels, got {image.shape[-1]}")
        grey = image.astype(np.float64) @ np.array([[0.299], [0.587], [0.114]])
        integers = np.issubdtype(image.dtype, np.integer)
        return (np.rint(grey) if integers else grey).astype(image.dtype)


@dataclasses.dataclass(frozen=True)
class Rgb:
    """Three channels: the grey channel three times, or the three channels as they are."""

    name: ClassVar[str] = "rgb"

    def __call__(self, image: np.ndarray) -> np.ndarray:
        if image.shape[-1] not in (1, 3):
            raise UserError(f"rgb takes 1 or 3 channels, got {image.shape[-1]}")
        return np.repeat(image, 3 // image.shape[-1], axis=-1)
