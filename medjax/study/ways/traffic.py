"""The bytes that sites send, counted exactly."""

from collections.abc import Sequence

import numpy as np

_FLOAT, _LABEL, _COUNT = 4, 4, 8


def moments_bytes(channels: int) -> int:
    """Returns the bytes of a site's moments: mean and std of each channel, and its images' number.

    Args:
      channels: channels of the images.

    Example:
      >>> moments_bytes(3)
      32
    """
    return 2 * channels * _FLOAT + _COUNT


def set_bytes(values: int, count: int, *, dtype: np.dtype | type) -> int:
    """Returns the bytes of images with their labels, uncompressed.

    Args:
      values: numbers in all images.
      count: labels, each of 4 bytes.
      dtype: of the images: uint8 for real ones, float32 for distilled ones.

    Example:
      >>> set_bytes(10 * 28 * 28, 10, dtype=np.float32)
      31400
    """
    return values * np.dtype(dtype).itemsize + count * _LABEL


def model_bytes(shapes: Sequence[tuple[int, ...]]) -> int:
    """Returns the bytes of one network in float32.

    Args:
      shapes: those of its arrays.

    Example:
      >>> model_bytes([(3, 3, 1, 8), (8,)])
      320
    """
    return sum(int(np.prod(shape)) for shape in shapes) * _FLOAT
