"""What counts as a colour: how far red, green and blue lie apart, and where that begins."""

import numpy as np

CHROMA = 24 / 255
"""Greys that JPEG stored as colours differ by less, as a share of the range black to white."""
NEARLY_GREY = 8
"""Bytes of three channels that differ by at most this everywhere are one channel three times."""
_PIXELS_PER_MARK = 100_000


def spread(pixels: np.ndarray) -> np.ndarray:
    """Returns the greatest less the least channel of each pixel ``[..., c]``, in its dtype.

    Example:
      >>> spread(np.array([[7, 7, 7], [255, 220, 0]], np.uint8)).tolist()
      [0, 255]
    """
    channels = [pixels[..., channel] for channel in range(pixels.shape[-1])]
    least, greatest = channels[0], channels[0]
    for channel in channels[1:]:  # several times as fast as a reduction over a short last axis
        least, greatest = np.minimum(least, channel), np.maximum(greatest, channel)
    return greatest - least


def is_coloured(spreads: np.ndarray, *, white: float) -> bool:
    """Returns whether a picture has colours, and not merely three channels.

    It has, if ``spreads`` exceed ``CHROMA`` of the range from black to white in more than 1 of
    100,000 pixels: JPEG makes smaller differences in greys, and a coloured mark of a few pixels
    makes larger ones.

    Args:
      spreads: ``spread`` of its pixels, ``[h, w]``.
      white: the range from black to white, in the same units.

    Example:
      >>> is_coloured(np.array([[0, 255]]), white=255), is_coloured(np.array([[0, 5]]), white=255)
      (True, False)
    """
    return float(np.mean(spreads > white * CHROMA)) > 1 / _PIXELS_PER_MARK
