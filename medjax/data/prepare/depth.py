"""A preparation step for values of 16 bits of which a set uses fewer."""

import dataclasses
from typing import ClassVar

import numpy as np

from medjax.data.prepare.windowing import between
from medjax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Depth:
    """Maps 0 to ``2**bits - 1`` to 0–1 in uint16 images; images of other types stay as they are.

    Attributes:
      bits: how many of 16 bits the values use, 1–16.
    """

    name: ClassVar[str] = "depth"
    bits: int

    def __post_init__(self):
        if not 1 <= self.bits <= 16:
            raise UserError(f"depth needs 1–16 bits, got {self.bits}")

    @property
    def white(self) -> int:
        """The greatest value of that many bits."""
        return 2**self.bits - 1

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return between(image, 0, self.white) if image.dtype == np.uint16 else image
