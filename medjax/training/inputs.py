"""Images where programs find them, as networks are trained and measured on them."""

import functools
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.sharding import Mesh

from medjax import data, errors, planning
from medjax.training import devices
from medjax.types import Array

Stats = tuple[Array, Array]
"""``(mean, std)``, each float ``[c]`` in pixel units (0–1)."""


class Images(NamedTuple):
    """Images as given, and what normalises them (``None`` where they already are)."""

    pixels: Array | data.HostImages
    stats: Stats | None

    def normalized(self, rows: Any) -> Array:
        pixels = self.pixels[rows]
        return pixels if self.stats is None else data.normalize(pixels, *self.stats)


def on_device(images: Array, stats: Stats | None) -> Images:
    """The images on the device, or a ``UserError`` that says why they cannot be used.

    Memory-mapped images stay on the host, and the rows that are asked for come to the device.
    """
    images = data.place(images)
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


def chunks(
    net: nn.Module, images: Images, *, num_networks: int, rows: int, mesh: Mesh | None = None
) -> planning.Chunks:
    """How many networks, and how many of ``rows`` images of each, a device computes at once.

    What is fastest on this backend, or as much of it as fits in memory.
    """
    num_networks = -(-num_networks // devices.parts(mesh, devices.network_axes(mesh)))
    rows = -(-rows // devices.parts(mesh, devices.row_axes(mesh)))
    image = jax.eval_shape(lambda: images.normalized(slice(1)))
    return chunks_of(net, image, num_networks=num_networks, rows=rows)


def chunks_of(
    net: nn.Module,
    image: Array | jax.ShapeDtypeStruct,
    *,
    num_networks: int,
    rows: int,
    whole: bool = False,
) -> planning.Chunks:
    """How many networks, and how many images of each, one device computes at once.

    Args:
      net: a flax module.
      image: float ``[1, h, w, c]``; a shape is enough.
      num_networks: networks that are computed apart.
      rows: images of each.
      whole: whether the images of a network must stay together, for moments of all of them.

    Returns:
      Chunk sizes; ``None`` is all.

    Example:
      >>> from medjax import nets
      >>> net, image = nets.make("mlp", num_classes=2), jax.ShapeDtypeStruct((1, 8, 8, 1), "f")
      >>> chunks_of(net, image, num_networks=3, rows=16, whole=True).images is None
      True
    """
    fixed, per_image = _bytes_of(net, image.shape, image.dtype)
    wanted = planning.backend_chunks(jax.default_backend(), per_image, weight_bytes=fixed)
    budget = planning.device_budget()
    some = planning.at_once(wanted.images, size=rows, bytes_each=per_image, budget=budget - fixed)
    some = None if whole else some
    each = fixed + min(some or rows, rows) * per_image
    at_once = planning.at_once(wanted.networks, size=num_networks, bytes_each=each, budget=budget)
    return wanted._replace(networks=at_once, images=some)


@functools.cache
def _bytes_of(net: nn.Module, shape: tuple[int, ...], dtype: Any) -> planning.NetworkBytes:
    image = jax.ShapeDtypeStruct(shape, dtype)
    variables = jax.eval_shape(net.init, jax.random.key(0), image)
    return planning.network_bytes(net.apply, variables, image)
