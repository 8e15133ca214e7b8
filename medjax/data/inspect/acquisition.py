"""Measures how a picture was made: its size, padding, colour and grey values, not its content."""

from typing import NamedTuple

import numpy as np

from medjax.data.prepare.colours import CHROMA, spread

FACTS = ("height", "width", "padding", "coloured", "border", "plain", "mean", "blank")
"""The columns of ``measure_pictures``."""
_SAMPLES = 128  # along each side; the facts of a large picture do not need all pixels
_SAME = 3 / 255  # values of padding differ by at most this after lossy compression
# A picture is padded if its content is a filled box; the box around an object on a background is
# small, or holds more of the background.
_LEAST_CONTENT, _MOST_ALIKE = 0.25, 0.15
_PLAIN = 10 / 255


class _Bands(NamedTuple):
    """Widths ``[n]`` of the constant bands before and after the content, in lines."""

    before: np.ndarray
    after: np.ndarray


def measure_pictures(images: np.ndarray) -> np.ndarray:
    """Measures pictures of one size as they are shown.

    Args:
      images: ``[n, h, w, c]`` with one or three channels, uint8 or floats 0–1.

    Returns:
      float32 ``[n, 8]``, a column for each of ``FACTS``: height and width in pixels; the share of
      the picture in constant bands along its edges, 0 if their value is also frequent inside, as
      that of a natural background is; 1 if some pixels have a colour; the mean grey of the
      outermost pixels, 0–1, and 1 if they are nearly the same; the mean grey of all pixels; and 1
      if all are the same.

    Example:
      >>> images = np.full((1, 8, 8, 1), 51, np.uint8)
      >>> images[:, :2] = 0
      >>> images[:, 2:, ::2] = 102
      >>> dict(zip(FACTS, measure_pictures(images)[0].tolist()))["padding"]
      0.25
    """
    n, h, w, channels = images.shape
    white = np.float32(255 if images.dtype == np.uint8 else 1)
    down, right = -(-h // _SAMPLES), -(-w // _SAMPLES)
    sample = images[:, ::down, ::right].astype(np.float32) / white
    coloured = np.zeros(n)
    if channels > 1:
        coloured = (spread(sample) > CHROMA).any(axis=(1, 2))
    edges = (images[:, 0, ::right], images[:, -1, ::right])
    edges += (images[:, ::down, 0], images[:, ::down, -1])
    ring = np.concatenate(edges, axis=1).astype(np.float32) / white
    one, padding = channels // 2, np.zeros(n)
    starts = np.cumsum([0, *(edge.shape[1] for edge in edges[:-1])])
    low = np.minimum.reduceat(ring[..., one], starts, axis=1)
    high = np.maximum.reduceat(ring[..., one], starts, axis=1)
    plain = high.max(axis=1) - low.min(axis=1) <= _PLAIN
    if (high - low <= _SAME).any():
        same = _SAME * white
        plane = images[..., one]
        rows = _bands(plane[:, :, ::right], same)
        columns = _bands(plane[:, ::down].swapaxes(1, 2), same)
        padding = _padding(sample[..., one], rows, columns, (h, w))
    blank = (sample == sample[:, :1, :1]).all(axis=(1, 2, 3))
    blank[blank] = (images[blank] == images[blank][:, :1, :1]).all(axis=(1, 2, 3))
    border, mean = ring.mean(axis=(1, 2)), sample.mean(axis=(1, 2, 3))
    facts = np.empty((n, len(FACTS)), np.float32)
    columns = (h, w, padding, coloured, border, plain, mean, blank)
    for number, column in enumerate(columns):
        facts[:, number] = column
    return facts


def measure_picture(image: np.ndarray) -> np.ndarray:
    """Measures one picture ``[h, w]`` or ``[h, w, c]``; returns ``[8]`` as ``measure_pictures``.

    Example:
      >>> measure_picture(np.zeros((5, 4))).tolist()
      [5.0, 4.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]
    """
    return measure_pictures(image.reshape(1, *image.shape[:2], -1))[0]


def _bands(lines: np.ndarray, same: float) -> _Bands:
    """Returns the numbers of lines ``[n, lines, values]`` at both ends that hold one value."""
    count = lines.shape[1]
    varied = lines.max(axis=2) - lines.min(axis=2) > same
    some = varied.any(axis=1)
    return _Bands(
        np.where(some, varied.argmax(axis=1), count), np.where(some, varied[:, ::-1].argmax(1), 0)
    )


def _padding(
    sample: np.ndarray, rows: _Bands, columns: _Bands, size: tuple[int, int]
) -> np.ndarray:
    """Returns the share of the padding ``[n]`` of pictures ``[n, h, w]``."""
    height, width = (1 - sum(b) / n for b, n in zip((rows, columns), size, strict=True))
    content = np.clip(height * width, 0, 1)
    first = (rows.before + columns.before > 0)[:, None, None]
    value = np.where(first, sample[:, :1, :1], sample[:, -1:, -1:])
    alike = (np.abs(sample - value) <= _SAME).mean(axis=(1, 2)) - (1 - content)
    natural = (alike > _MOST_ALIKE * content) | ((content > 0) & (content < _LEAST_CONTENT))
    return np.where(natural, 0, 1 - content)
