"""The primary indicator: the slope of the learning curve of random images."""

import math

from medjax.errors import UserError

_APART = 3


def slope_ends(ipc: int) -> tuple[int, int]:
    """Returns the images per class between which the slope at ``ipc`` is measured.

    They are ``max(1, ⌊m / 3⌋)`` and ``3 m``. Above 1 neither is ``m``, whose accuracy is a part of
    the gain that is predicted.

    Args:
      ipc: images per class, at least 1.

    Example:
      >>> slope_ends(10), slope_ends(1)
      ((3, 30), (1, 3))
    """
    return max(ipc // _APART, 1), ipc * _APART


def curve_slope(low: float, high: float, *, images: tuple[int, int]) -> float:
    """Computes the slope of a learning curve, in points for ten times as many images.

    ``100 · (A(h) − A(l)) / log10(n_h / n_l)``, see docs/STUDY.md: if distilled images do what
    ``λ`` times as many random ones do, their gain is this slope times ``log10 λ``.

    Args:
      low, high: mean score of networks on the smaller and on the larger random subsets, 0–1.
      images: number of images in the smaller and in the larger subsets.

    Returns:
      The slope.

    Raises:
      UserError: if the larger subset is not larger, because no class has more images.

    Example:
      >>> round(curve_slope(0.5, 0.6, images=(6, 60)), 6)
      10.0
    """
    small, large = images
    if not 0 < small < large:
        raise UserError(
            f"the learning curve has no slope between {small} and {large} images: no class has "
            "more of them; lower the ipc"
        )
    return 100 * (high - low) / math.log10(large / small)
