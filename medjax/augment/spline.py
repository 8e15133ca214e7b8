"""Cubic B-spline interpolation of one image, as ``scipy.ndimage`` defines its order 3."""

import math

import jax.numpy as jnp

from medjax.types import Array

_POLE = math.sqrt(3) - 2


def sample(image: Array, rows: Array, cols: Array, *, fill: Array | float) -> Array:
    r"""Reads an image between its pixels.

    The image is the cubic spline :math:`\sum_{kl} c_{kl} β(y - k) β(x - l)` that passes through
    every pixel and is mirrored about the outermost pixel centres. A point beyond these centres gets
    the fill. Linear in the image and differentiable with respect to it.

    Args:
      image: float ``[h, w, c]``.
      rows: float ``[...]``, the points' rows in pixels; 0 is the centre of the first one.
      cols: float ``[...]``, the points' columns in pixels.
      fill: the value outside, a scalar or ``[c]``.

    Returns:
      The values at the points, ``[..., c]``.

    Example:
      >>> image = jnp.array([0.0, 1.0, 4.0, 9.0]).reshape(1, 4, 1)
      >>> cols = jnp.array([1.0, 2.5, 3.1])
      >>> [f"{x:.2f}" for x in sample(image, jnp.zeros(3), cols, fill=-1.0).ravel()]
      ['1.00', '7.20', '-1.00']

    Unser, Aldroubi and Eden, "B-spline signal processing: part I", IEEE Trans. Signal Processing
    1993.
    """
    height, width, channels = image.shape
    # Full precision: accelerators would otherwise round the pixels to 10 bits or fewer.
    filters = [prefilter(size, image.dtype) for size in (height, width)]
    coefficients = jnp.einsum("ip,jq,pqc->ijc", *filters, image, precision="highest")
    table = coefficients.reshape(height * width, channels)
    values = jnp.zeros((*rows.shape, channels), image.dtype)
    for row, by_row in _neighbours(rows, height):
        for col, by_col in _neighbours(cols, width):
            values += table[row * width + col] * (by_row * by_col)[..., None]
    inside = (rows >= 0) & (rows <= height - 1) & (cols >= 0) & (cols <= width - 1)
    return jnp.where(inside[..., None], values, jnp.broadcast_to(fill, values.shape))


def prefilter(size: int, dtype: jnp.dtype) -> Array:
    r"""Returns the matrix from pixels to spline coefficients along an axis.

    It inverts the matrix with 4/6 on the diagonal and 1/6 beside it, mirrored at the ends. Without
    ends the inverse is :math:`\sqrt{3} z^{|i - j|}`, :math:`z = \sqrt{3} - 2`; the mirror images of
    pixel ``j`` are at ``± j`` plus all multiples of ``2 (size - 1)``.

    Args:
      size: pixels along the axis.
      dtype: of the matrix.

    Returns:
      The matrix ``[size, size]``.

    Example:
      >>> (prefilter(2, jnp.float32) @ jnp.array([4 / 6 + 2 / 6, 2 / 6 + 4 / 6])).round(4).tolist()
      [1.0, 1.0]
    """
    if size == 1:
        return jnp.ones((1, 1), dtype)
    period = 2 * (size - 1)
    index = jnp.arange(size)
    apart, mirrored = jnp.abs(index[:, None] - index[None, :]), index[:, None] + index[None, :]

    def decay(distance: Array) -> Array:
        # A pole below zero: its powers are taken of the magnitude.
        sign = jnp.where(distance % 2 == 0, 1, -1).astype(dtype)
        return sign * jnp.exp(distance.astype(dtype) * math.log(-_POLE))

    whole = sum(decay(d) + decay(period - d) for d in (apart, mirrored))
    # The outermost pixels are their own mirror images.
    own = jnp.where((index == 0) | (index == size - 1), 0.5, 1.0).astype(dtype)
    return math.sqrt(3) / (1 - _POLE**period) * whole * own[None, :]


def _neighbours(points: Array, size: int) -> list[tuple[Array, Array]]:
    """Returns the four pixels about each point along an axis, and their weights."""
    first = jnp.floor(points) - 1
    t = points - jnp.floor(points)
    weights = (
        (1 - t) ** 3 / 6,
        (4 - 6 * t**2 + 3 * t**3) / 6,
        (4 - 6 * (1 - t) ** 2 + 3 * (1 - t) ** 3) / 6,
        t**3 / 6,
    )
    found = []
    for step, weight in enumerate(weights):
        index = first.astype(jnp.int32) + step
        index = jnp.abs(index)
        index = jnp.where(index > size - 1, 2 * (size - 1) - index, index)
        # Points outside, which get the fill, would otherwise read beyond the array.
        found.append((jnp.clip(index, 0, size - 1), weight))
    return found
