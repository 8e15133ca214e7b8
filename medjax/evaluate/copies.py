"""Images of a set that are also among those on which networks are scored."""

from collections.abc import Mapping

import numpy as np

from medjax.data import Split, to_uint8
from medjax.data.inspect.duplicates import digests


def copy_lines(images: np.ndarray, splits: Mapping[str, Split]) -> list[str]:
    """Says how many images of a set are, as bytes and pixel by pixel, in a split.

    Images of a single value do not count.

    Args:
      images: the set, float ``[n, h, w, c]`` in pixel units, 0–1 nominal.
      splits: the splits on which networks are scored; uint8 images.

    Returns:
      One line for each split that holds some.

    Example:
      >>> pixels = np.arange(32, dtype=np.uint8).reshape(2, 4, 4, 1)
      >>> copy_lines(pixels / 255, {"test": Split(pixels[:1], np.zeros(1, int))})
      ['leakage: 1 of 2 images of the set is in test too, so the scores on it are too good']
    """
    pixels = to_uint8(images)
    varied = pixels[pixels.min(axis=(1, 2, 3)) < pixels.max(axis=(1, 2, 3))]
    own, lines = digests(varied), []
    for name, split in splits.items():
        if count := int(np.isin(own, digests(split.images)).sum()):
            are = "is" if count == 1 else "are"
            lines.append(
                f"leakage: {count:,} of {len(pixels):,} images of the set {are} in {name} too, so "
                "the scores on it are too good"
            )
    return lines
