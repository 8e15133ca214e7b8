"""Augmentation operators: deterministic, pure, linear or affine in the images.

Images are floating point ``[n, h, w, c]`` in normalised space, where the zero that fills empty
pixels is the data set's mean colour. Every parameter may be traced and is either a scalar (one
transform for the whole batch) or an array ``[n]`` (one per image). Operators are differentiable
twice with respect to the images.
"""

from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp
from jax import lax

from medjax.errors import UserError
from medjax.types import Array


def _transform(op: Callable[..., Array], images: Array, *params: Array | float | bool) -> Array:
    """Runs ``op(images, *scalars)`` on the whole batch, or on each image with its own scalars."""
    if images.ndim != 4:
        raise UserError(f"images must be [n, h, w, c], got shape {images.shape}")
    if not jnp.issubdtype(images.dtype, jnp.floating):
        raise UserError(f"images must be floating point, got {images.dtype}; normalise them first")
    batch, arrays = images.shape[:1], [jnp.asarray(p) for p in params]
    for p in arrays:
        if p.shape not in ((), batch):
            choices = f"a scalar or one value for each of the {batch[0]} images"
            raise UserError(f"a parameter must be {choices}, got shape {p.shape}")
    # Pixel coordinates need more bits than bfloat16 has.
    wide = images.astype(jnp.float32) if images.dtype.itemsize < 4 else images
    if all(p.ndim == 0 for p in arrays):
        out = op(wide, *arrays)
    else:
        arrays = [jnp.broadcast_to(p, batch) for p in arrays]
        out = jax.vmap(lambda image, *scalars: op(image[None], *scalars)[0])(wide, *arrays)
    return out.astype(images.dtype)


def brightness(images: Array, shift: Array | float) -> Array:
    """Adds a constant: ``y = x + shift``.

    Args:
      images: float ``[n, h, w, c]``, normalised.
      shift: scalar or ``[n]``, in standard deviations of the data set; DSA uses ±0.5.

    Returns:
      Images of the same shape and dtype.

    Raises:
      UserError: images or parameters of a wrong shape or dtype.

    Example:
      >>> float(brightness(jnp.zeros((1, 2, 2, 1)), 0.25).mean())
      0.25
    """
    return _transform(lambda x, shift: x + shift.astype(x.dtype), images, shift)


def saturation(images: Array, factor: Array | float) -> Array:
    """Scales each pixel's colour about its grey value: ``y = m + factor·(x − m)``.

    ``m`` is the mean of the pixel over channels, so a grey image is returned unchanged.

    Args:
      images: float ``[n, h, w, c]``, normalised.
      factor: scalar or ``[n]``; 0 removes colour, 1 changes nothing. DSA uses 0 to 2.

    Returns:
      Images of the same shape and dtype.

    Raises:
      UserError: images or parameters of a wrong shape or dtype.

    Example:
      >>> saturation(jnp.array([[[[0.0, 1.0, 2.0]]]]), 2.0).tolist()
      [[[[-1.0, 1.0, 3.0]]]]
    """

    def op(x: Array, factor: Array) -> Array:
        grey = x.mean(axis=3, keepdims=True)
        return (x - grey) * factor.astype(x.dtype) + grey

    return _transform(op, images, factor)


def contrast(images: Array, factor: Array | float) -> Array:
    """Scales each image about its own mean: ``y = m + factor·(x − m)``.

    ``m`` is the mean of the image over height, width and channels.

    Args:
      images: float ``[n, h, w, c]``, normalised.
      factor: scalar or ``[n]``; 1 changes nothing. DSA uses 0.5 to 1.5.

    Returns:
      Images of the same shape and dtype.

    Raises:
      UserError: images or parameters of a wrong shape or dtype.

    Example:
      >>> contrast(jnp.array([0.0, 4.0]).reshape(1, 1, 2, 1), 0.5).ravel().tolist()
      [1.0, 3.0]
    """

    def op(x: Array, factor: Array) -> Array:
        mean = x.mean(axis=(1, 2, 3), keepdims=True)
        return (x - mean) * factor.astype(x.dtype) + mean

    return _transform(op, images, factor)


def translate(images: Array, dy: Array | int, dx: Array | int) -> Array:
    """Shifts the window: ``y[i, j] = x[i + dy, j + dx]``, zero outside. DSA's "crop".

    Args:
      images: float ``[n, h, w, c]``, normalised.
      dy: integer scalar or ``[n]``, rows; positive moves the content up.
      dx: integer scalar or ``[n]``, columns; positive moves the content left.

    Returns:
      Images of the same shape and dtype.

    Raises:
      UserError: images or parameters of a wrong shape or dtype.
      AssertionError: shifts that are not integers.

    Example:
      >>> translate(jnp.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1), 0, 1).ravel().tolist()
      [2.0, 3.0, 0.0]
    """
    dy, dx = jnp.asarray(dy), jnp.asarray(dx)
    chex.assert_type([dy, dx], int)

    def op(x: Array, dy: Array, dx: Array) -> Array:
        for axis, shift in ((1, dy), (2, dx)):
            size = x.shape[axis]
            padding = [(size, size) if a == axis else (0, 0) for a in range(4)]
            start = size + jnp.clip(shift, -size, size)
            x = lax.dynamic_slice_in_dim(jnp.pad(x, padding), start, size, axis)
        return x

    return _transform(op, images, dy, dx)


def cutout(
    images: Array, row: Array | int, col: Array | int, *, size: int | tuple[int, int]
) -> Array:
    """Zeroes the rows ``row − size//2 + (0 … size−1)`` and the same columns about ``col``.

    Args:
      images: float ``[n, h, w, c]``, normalised.
      row: integer scalar or ``[n]``, the centre's row; the square may reach over the border.
      col: integer scalar or ``[n]``, the centre's column.
      size: the side of the square in pixels, or ``(height, width)``. Static.

    Returns:
      Images of the same shape and dtype.

    Raises:
      UserError: images or parameters of a wrong shape or dtype.
      AssertionError: a centre that is not of integers.

    Example:
      >>> cutout(jnp.ones((1, 1, 5, 1)), 0, 3, size=2).ravel().tolist()
      [1.0, 1.0, 0.0, 0.0, 1.0]
    """
    row, col = jnp.asarray(row), jnp.asarray(col)
    chex.assert_type([row, col], int)
    height, width = size if isinstance(size, tuple) else (size, size)

    def inside(length: int, centre: Array, side: int) -> Array:
        offset = jnp.arange(length, dtype=centre.dtype) - (centre - side // 2)
        return (offset >= 0) & (offset < side)

    def op(x: Array, row: Array, col: Array) -> Array:
        rows = inside(x.shape[1], row, height)[None, :, None, None]
        cols = inside(x.shape[2], col, width)[None, None, :, None]
        return jnp.where(rows & cols, 0, x)

    return _transform(op, images, row, col)


def flip(images: Array, do_flip: Array | bool) -> Array:
    """Mirrors left–right where ``do_flip``: ``y[i, j] = x[i, w − 1 − j]``.

    Args:
      images: float ``[n, h, w, c]``, normalised.
      do_flip: boolean scalar or ``[n]``; an integer is true unless it is 0.

    Returns:
      Images of the same shape and dtype.

    Raises:
      UserError: images or parameters of a wrong shape or dtype.

    Example:
      >>> flip(jnp.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1), True).ravel().tolist()
      [3.0, 2.0, 1.0]
    """
    return _transform(
        lambda x, do_flip: jnp.where(do_flip.astype(bool), x[:, :, ::-1], x), images, do_flip
    )


def _coordinates(size: int, dtype: jnp.dtype) -> Array:
    """The pixel centres in [-1, 1], the outermost ones on the ends (``align_corners=True``)."""
    return (2 * jnp.arange(size, dtype=dtype) - (size - 1)) / max(size - 1, 1)


def _pixels(coordinates: Array, size: int) -> Array:
    """The inverse of ``_coordinates``: where a point of [-1, 1] lies in pixels."""
    return (coordinates + 1) * ((size - 1) / 2)


def scale(images: Array, sy: Array | float, sx: Array | float) -> Array:
    """Samples at coordinates multiplied by (sy, sx): bilinear, zero outside.

    With coordinates in [-1, 1] (the outermost pixel centres on the ends),
    ``y(v, u) = x(sy·v, sx·u)``: above 1 shrinks the content, below 1 enlarges it. The map is
    separable, so it is two small matrix products: no gather, and an exact cheap transpose.

    Args:
      images: float ``[n, h, w, c]``, normalised.
      sy: scalar or ``[n]``, for the height; DSA uses 1/1.2 to 1.2.
      sx: scalar or ``[n]``, for the width.

    Returns:
      Images of the same shape and dtype.

    Raises:
      UserError: images or parameters of a wrong shape or dtype.

    Example:
      >>> scale(jnp.array([0.0, 4.0, 8.0]).reshape(1, 1, 3, 1), 1.0, 0.5).ravel().tolist()
      [2.0, 4.0, 6.0]
    """

    def weights(size: int, factor: Array, dtype: jnp.dtype) -> Array:
        points = _pixels(factor.astype(dtype) * _coordinates(size, dtype), size)
        distance = points[:, None] - jnp.arange(size, dtype=dtype)[None, :]
        return jnp.maximum(0, 1 - jnp.abs(distance))

    def op(x: Array, sy: Array, sx: Array) -> Array:
        # Full precision: accelerators would otherwise round the pixels to 10 bits or fewer.
        _, h, w, _ = x.shape
        x = jnp.einsum("ip,npqc->niqc", weights(h, sy, x.dtype), x, precision="highest")
        return jnp.einsum("jq,niqc->nijc", weights(w, sx, x.dtype), x, precision="highest")

    return _transform(op, images, sy, sx)


def rotate(images: Array, radians: Array | float) -> Array:
    """Turns the content anticlockwise as seen: bilinear, zero outside.

    With coordinates as in ``scale``, ``y(v, u) = x(sin·u + cos·v, cos·u − sin·v)``: like the
    reference's, the map acts on the unit square, so an image that is not square is also sheared.
    On a GPU its derivative adds in no fixed order unless ``--xla_gpu_deterministic_ops=true``.

    Args:
      images: float ``[n, h, w, c]``, normalised.
      radians: scalar or ``[n]``, the angle; DSA uses ±15°.

    Returns:
      Images of the same shape and dtype.

    Raises:
      UserError: images or parameters of a wrong shape or dtype.

    Example:
      >>> images = jnp.arange(4.0).reshape(1, 2, 2, 1)
      >>> rotate(images, jnp.pi / 2)[0, :, :, 0].round(4).tolist()
      [[1.0, 3.0], [0.0, 2.0]]
    """

    def op(x: Array, radians: Array) -> Array:
        n, h, w, c = x.shape
        radians = radians.astype(x.dtype)
        cos, sin = jnp.cos(radians), jnp.sin(radians)
        v, u = jnp.meshgrid(_coordinates(h, x.dtype), _coordinates(w, x.dtype), indexing="ij")
        rows = _pixels(sin * u + cos * v, h).ravel()
        cols = _pixels(cos * u - sin * v, w).ravel()
        # One row per pixel holding all images, so that each of the four corners is a gather of
        # long contiguous rows, and the transpose a scatter of them: both cheap on any device.
        table = jnp.moveaxis(x, 0, 2).reshape(h * w, n * c)
        out = jnp.zeros_like(table)
        for dy in (0, 1):
            for dx in (0, 1):
                row, col = jnp.floor(rows) + dy, jnp.floor(cols) + dx
                weight = (1 - jnp.abs(rows - row)) * (1 - jnp.abs(cols - col))
                inside = (row >= 0) & (row < h) & (col >= 0) & (col < w)
                index = jnp.where(inside, row * w + col, 0).astype(jnp.int32)
                out += table[index] * jnp.where(inside, weight, 0)[:, None]
        return jnp.moveaxis(out.reshape(h, w, n, c), 2, 0)

    return _transform(op, images, radians)
