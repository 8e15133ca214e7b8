"""Pixels that are not square: which measures make a picture be stretched."""

import math
from typing import NamedTuple

MOST_PIXELS = 2**27
"""Pixels of one picture; a damaged header may ask for more than the memory holds."""
_LEAST, _MOST = 1.01, 64.0  # times the shorter side; more is a mistake
TOO_LONG = f"have pixels of which one side is over {_MOST:g} times the other, and stay as stored"
TOO_MANY = f"would have over {MOST_PIXELS:,} pixels if these were square, and stay as stored"


class PixelShape(NamedTuple):
    """``aspect`` and ``remarks`` of a ``Picture``, as its pixels have them."""

    aspect: float = 1.0
    remarks: tuple[str, ...] = ()


def of_sides(height: float, width: float, *, pixels: int) -> PixelShape:
    """Returns the shape of pixels by their measures, in any unit.

    Args:
      height: the height of a pixel.
      width: the width of a pixel.
      pixels: the number of pixels of the picture.

    Returns:
      The aspect. It is 1 for pixels that are square to a hundredth or whose measures mean nothing,
      and, with a remark, if a side is over 64 times the other or the picture would be too large.

    Example:
      >>> of_sides(3.0, 0.5, pixels=65536), of_sides(0.0, 1.0, pixels=65536)
      (PixelShape(aspect=6.0, remarks=()), PixelShape(aspect=1.0, remarks=()))
    """
    if not (math.isfinite(height) and math.isfinite(width) and min(height, width) > 0):
        return PixelShape()
    longer = max(height, width) / min(height, width)
    if longer <= _LEAST:
        return PixelShape()
    if longer > _MOST:
        return PixelShape(remarks=(TOO_LONG,))
    if pixels * longer > MOST_PIXELS:
        return PixelShape(remarks=(TOO_MANY,))
    return PixelShape(height / width)
