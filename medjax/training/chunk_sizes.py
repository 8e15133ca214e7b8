"""The numbers of networks and images that a device computes at once."""

import functools
from typing import Any

import flax.linen as nn
import jax
from jax.sharding import Mesh

from medjax import planning
from medjax.training import devices
from medjax.training.inputs import Images
from medjax.types import Array


def chunks(
    net: nn.Module, images: Images, *, num_networks: int, rows: int, mesh: Mesh | None = None
) -> planning.Chunks:
    """Returns ``chunks_of`` for one device's share of the networks and of ``rows`` images each."""
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
    """Returns the fastest chunk sizes for a backend that fit in a device's memory.

    Args:
      net: a flax module.
      image: float ``[1, h, w, c]``; a shape is enough.
      num_networks: networks that are computed independently.
      rows: images of each network.
      whole: whether a network needs all its images at once, for their moments.

    Returns:
      Numbers of networks, and of images of each, per call; ``None`` is all.

    Example:
      >>> from medjax import nets
      >>> net, image = nets.make("mlp", num_classes=2), jax.ShapeDtypeStruct((1, 8, 8, 1), "f")
      >>> chunks_of(net, image, num_networks=3, rows=16, whole=True).images is None
      True
    """
    fixed, per_image = _bytes_of(net, image.shape, image.dtype)
    platform = planning.planned_device().platform
    wanted = planning.backend_chunks(platform, per_image, weight_bytes=fixed)
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
