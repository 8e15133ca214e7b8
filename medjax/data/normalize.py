"""Conversion between pixels (0–1) and normalised space, where 0 is the data set's mean."""

import jax.numpy as jnp
import numpy as np

from medjax.errors import UserError
from medjax.types import Array

_CHUNK_PIXELS = 1 << 20


def channel_stats(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Returns the mean and standard deviation of every channel over all pixels of all images.

    They are exact: grey levels are counted as integers, and
    :math:`\mu = \sum_v n_v v / n`, :math:`\sigma^2 = \sum_v n_v v^2 / n - \mu^2` are divided once.
    A standard deviation below one grey level (1/255), as a constant channel has, is raised to it,
    so that normalising never divides by zero.

    Args:
      images: uint8 ``[n, h, w, c]``, 0–255.

    Returns:
      ``(mean, std)``, each float32 ``[c]`` in pixel units (0–1).

    Raises:
      UserError: if the images are not uint8 or hold no pixel.

    Example:
      >>> mean, std = channel_stats(np.array([0, 255], np.uint8).reshape(2, 1, 1, 1))
      >>> float(mean[0]), float(std[0])
      (0.5, 0.5)
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.size == 0:
        raise UserError(
            f"channel statistics need uint8 images with pixels, got {images.dtype} {images.shape}"
        )
    channels = images.shape[-1]
    pixels = images.reshape(-1, channels)
    counts = np.zeros((channels, 256), np.int64)
    for start in range(0, len(pixels), _CHUNK_PIXELS):
        chunk = pixels[start : start + _CHUNK_PIXELS]
        for channel in range(channels):
            counts[channel] += np.bincount(chunk[:, channel], minlength=256)
    levels = np.arange(256)
    total = len(pixels)
    first, second = counts @ levels, counts @ levels**2
    # n·Σv² − (Σv)² outgrows int64 on large sets; Python integers do not.
    spread = [total * int(s) - int(f) ** 2 for f, s in zip(first, second, strict=True)]
    mean = np.asarray(first, np.float64) / total / 255
    std = np.sqrt(np.asarray(spread, np.float64)) / total / 255
    return mean.astype(np.float32), np.maximum(std, 1 / 255).astype(np.float32)


def normalize(images: Array, mean: Array, std: Array) -> Array:
    """Normalises pixels: ``(pixel - mean) / std``.

    Args:
      images: ``[..., h, w, c]``; uint8 (0–255, divided by 255 here) or floating (0–1).
      mean: float ``[c]`` in pixel units (0–1).
      std: float ``[c]`` in pixel units (0–1), positive.

    Returns:
      Normalised images of the same shape, in the dtype of ``mean`` for uint8 images and otherwise
      in the dtype of ``images``.

    Raises:
      UserError: for images neither uint8 nor floating.

    Example:
      >>> grey = jnp.full((1, 2, 2, 1), 255, jnp.uint8)
      >>> float(normalize(grey, jnp.array([0.5]), jnp.array([0.25]))[0, 0, 0, 0])
      2.0
    """
    images = jnp.asarray(images)
    if images.dtype == jnp.uint8:
        images = images.astype(jnp.asarray(mean).dtype) / 255
    elif not jnp.issubdtype(images.dtype, jnp.floating):
        raise UserError(f"images must be uint8 (0–255) or floating (0–1), got {images.dtype}")
    return (images - _like(mean, images)) / _like(std, images)


def denormalize(images: Array, mean: Array, std: Array) -> Array:
    """Returns pixels, ``image * std + mean``: the inverse of ``normalize``.

    Args:
      images: float ``[..., h, w, c]`` in normalised space.
      mean: float ``[c]`` in pixel units (0–1).
      std: float ``[c]`` in pixel units (0–1).

    Returns:
      Images of the same shape and dtype in pixel units, 0–1 nominal and never clipped.

    Example:
      >>> float(denormalize(jnp.zeros((1, 1, 1)), jnp.array([0.5]), jnp.array([0.25]))[0, 0, 0])
      0.5
    """
    images = jnp.asarray(images)
    return images * _like(std, images) + _like(mean, images)


def _like(stat: Array, images: Array) -> Array:
    """Returns ``stat [c]`` in the dtype of the images, with as many axes as they have."""
    return jnp.expand_dims(jnp.asarray(stat, images.dtype), tuple(range(images.ndim - 1)))


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Rounds pixel units to bytes.

    Args:
      images: floats in pixel units, of any shape; 0 is black and 1 is white.

    Returns:
      uint8 of the same shape, clipped to 0–255; NaN is 0.

    Example:
      >>> to_uint8(np.array([-0.5, 0.5, 1.0, 7.0])).tolist()
      [0, 128, 255, 255]
    """
    pixels = np.clip(np.nan_to_num(np.asarray(images, np.float64)), 0, 1)
    return np.rint(pixels * 255).astype(np.uint8)
