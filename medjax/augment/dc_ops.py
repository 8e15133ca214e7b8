"""The operators of DC's augmentation: deterministic, of one image, linear in it.

The images are those of ``ops``, without the batch axis; parameters are traced scalars. Unlike the
operators of DSA they shift and resize by whole pixels, and fill with the mean of the batch.
"""

import jax.numpy as jnp
from jax import lax

from medjax.augment import spline
from medjax.types import Array


def crop(image: Array, dy: Array | int, dx: Array | int, *, fill: Array) -> Array:
    """Shifts the window: ``y[i, j] = x[i + dy, j + dx]``, the fill outside.

    Args:
      image: float ``[h, w, c]``.
      dy: integer scalar, rows; at most ``h`` either way.
      dx: integer scalar, columns; at most ``w`` either way.
      fill: float ``[c]``.

    Returns:
      An image of the same shape and dtype.

    Example:
      >>> image = jnp.array([1.0, 2.0, 3.0]).reshape(1, 3, 1)
      >>> crop(image, 0, 1, fill=jnp.array([7.0])).ravel().tolist()
      [2.0, 3.0, 7.0]
    """
    for axis, shift in ((0, dy), (1, dx)):
        size = image.shape[axis]
        ends = jnp.broadcast_to(fill, image.shape)
        padded = jnp.concatenate([ends, image, ends], axis)
        image = lax.dynamic_slice_in_dim(padded, size + shift, size, axis)
    return image


def resize(image: Array, height: Array | int, width: Array | int) -> Array:
    """Resizes to the nearest pixels and keeps the middle: cropped, or surrounded by zeros.

    Pixel ``i`` of ``m`` comes from pixel ``⌊i · n / m⌋`` of ``n``. Where the margins differ, the
    lower and right ones are larger.

    Args:
      image: float ``[h, w, c]``.
      height: integer scalar, the new height.
      width: integer scalar, the new width.

    Returns:
      An image of the old shape and dtype.

    Example:
      >>> image = jnp.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1)
      >>> resize(image, 1, 2).ravel().tolist(), resize(image, 1, 6).ravel().tolist()
      ([0.0, 1.0, 3.0, 0.0], [1.0, 2.0, 3.0, 3.0])
    """
    largest = jnp.maximum(jnp.maximum(height, width), max(image.shape[:2]))
    for axis, new in ((0, height), (1, width)):
        size = image.shape[axis]
        pixel = jnp.arange(size) + (largest - size) // 2 - (largest - new) // 2
        inside = ((pixel >= 0) & (pixel < new)).reshape([-1 if a == axis else 1 for a in range(3)])
        source = jnp.clip(pixel * size // new, 0, size - 1)
        image = jnp.where(inside, jnp.take(image, source, axis), 0)
    return image


def rotate(image: Array, degrees: Array | float, *, fill: Array | float) -> Array:
    """Turns the content anticlockwise as seen, by a cubic spline.

    The image is turned onto a canvas that holds all of it, of whole pixels, and the middle of the
    canvas is kept. Where the margins differ, the lower and right ones are larger, so that the
    centre of such an image moves by half a pixel.

    Args:
      image: float ``[h, w, c]``.
      degrees: float scalar, the angle.
      fill: the value outside the image, a scalar or ``[c]``.

    Returns:
      An image of the same shape and dtype.

    Example:
      >>> image = jnp.zeros((5, 5, 1)).at[2, 4].set(1.0)
      >>> turned = rotate(image, 45.0, fill=0.0)
      >>> jnp.unravel_index(turned.argmax(), (5, 5))
      (Array(1, dtype=int32), Array(3, dtype=int32))
    """
    height, width, _ = image.shape
    angle = jnp.deg2rad(jnp.asarray(degrees, image.dtype))
    cos, sin = jnp.cos(angle), jnp.sin(angle)

    def offsets(size: int, across: int) -> Array:
        """Distances from the canvas's middle along an axis."""
        canvas = jnp.floor(jnp.abs(cos) * size + jnp.abs(sin) * across + 0.5)
        margin = jnp.trunc((canvas - size) / 2)
        return jnp.arange(size, dtype=image.dtype) + margin - (canvas - 1) / 2

    y, x = jnp.meshgrid(offsets(height, width), offsets(width, height), indexing="ij")
    rows = cos * y + sin * x + (height - 1) / 2
    cols = cos * x - sin * y + (width - 1) / 2
    return spline.sample(image, rows, cols, fill=fill)
