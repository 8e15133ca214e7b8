"""Images on the device, as networks are trained and measured on them."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from medjax import data, errors, kernels
from medjax.types import Array

Stats = tuple[Array, Array]
"""``(mean, std)``, each float ``[c]`` in pixel units (0–1)."""


class Images(NamedTuple):
    """Images as given, and what normalises them (``None`` where they already are)."""

    pixels: Array
    stats: Stats | None

    def normalized(self, rows: Any) -> Array:
        pixels = self.pixels[rows]
        return pixels if self.stats is None else data.normalize(pixels, *self.stats)


def on_device(images: Array, stats: Stats | None) -> Images:
    """The images on the device, or a ``UserError`` that says why they cannot be used."""
    images = jnp.asarray(images)
    if images.ndim != 4 or not len(images):
        raise errors.UserError(f"images must be [n, h, w, c] with n > 0, not {list(images.shape)}")
    if jnp.issubdtype(images.dtype, jnp.floating):
        return Images(images, None)
    if images.dtype != jnp.uint8:
        raise errors.UserError(f"images must be uint8 or normalised floats, not {images.dtype}")
    if stats is None:
        raise errors.UserError("uint8 images need stats=(mean, std) to be normalised")
    mean, std = stats
    return Images(images, (jnp.asarray(mean), jnp.asarray(std)))


def networks_at_once(
    net: nn.Module, variables: Any, images: Images, *, num_networks: int, rows: int
) -> int | None:
    """How many networks are computed at once on ``rows`` images each; ``None`` is all of them."""
    image = jax.eval_shape(lambda: images.normalized(slice(1)))
    return kernels.at_once(
        backend_chunks().networks,
        size=num_networks,
        bytes_each=rows * kernels.residual_bytes(net.apply, variables, image),
        budget=kernels.device_budget(),
    )


def backend_chunks() -> kernels.Chunks:
    """What is computed at once on this backend."""
    return kernels.backend_chunks(jax.default_backend())
