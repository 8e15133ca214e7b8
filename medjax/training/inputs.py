"""Images as the inputs of networks: normalised on the device, batch by batch."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from medjax import data, errors
from medjax.types import Array

Stats = tuple[Array | np.ndarray, Array | np.ndarray]
"""``(mean, std)``, each float ``[c]`` in pixel units (0–1)."""

Pixels = Array | np.ndarray | data.HostImages
"""Images ``[n, h, w, c]`` anywhere; memory-mapped arrays and ``HostImages`` are read from disk."""


class Images(NamedTuple):
    """Images as given, and the moments that normalise them (``None`` if they are normalised)."""

    pixels: Array | data.HostImages
    stats: tuple[Array, Array] | None

    def normalized(self, rows: Any) -> Array:
        pixels = self.pixels[rows]
        return pixels if self.stats is None else data.normalize(pixels, *self.stats)


def on_device(images: Pixels, stats: Stats | None) -> Images:
    """Puts images on the device, except memory-mapped ones, which stay on the host.

    Raises:
      UserError: the shape, the dtype or missing moments make the images unusable.
    """
    pixels = data.place(images)
    if pixels.ndim != 4 or not len(pixels):
        raise errors.UserError(f"images must be [n, h, w, c] with n > 0, not {list(pixels.shape)}")
    if jnp.issubdtype(pixels.dtype, jnp.floating):
        return Images(pixels, None)
    if pixels.dtype != jnp.uint8:
        raise errors.UserError(f"images must be uint8 or normalised floats, not {pixels.dtype}")
    if stats is None:
        raise errors.UserError("uint8 images need stats=(mean, std) to be normalised")
    mean, std = stats
    return Images(pixels, (jnp.asarray(mean), jnp.asarray(std)))
