"""What trained networks say about images: logits and features, in one compiled program."""

import functools
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from medjax import data, errors, kernels, parallel
from medjax.training import devices
from medjax.training.inputs import Images, Stats, chunks, on_device
from medjax.types import Array

_IMAGES_PER_PASS = 512
"""Where neither the caller nor the backend sets a number: bounds the memory of activations."""


def predict(
    net: nn.Module,
    variables: Any,
    images: Array,
    *,
    batch_size: int | None = None,
    stats: Stats | None = None,
    mesh: Mesh | None = None,
) -> Array:
    """The logits of several networks for one set of images.

    Args:
      net: the flax module that was trained.
      variables: its variables with a leading axis ``[k]``, as ``train_networks`` returns them.
      images: float ``[n, h, w, c]`` in normalised space, or uint8 ``[n, h, w, c]`` (0–255).
      batch_size: images per forward pass, ``None`` for what suits the backend; does not change
        the result.
      stats: mean and standard deviation that normalise uint8 images; unused for float images.
      mesh: devices that divide networks and images, from ``parallel.make_mesh``; ``None`` is one.

    Returns:
      Logits ``[k, n, C]``; batch norm uses its running moments. Memory-mapped images are read a
      batch at a time.

    Raises:
      UserError: there are no images, or uint8 images come without ``stats``.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> images = jnp.zeros((5, 4, 4, 1))
      >>> keys = jax.random.split(jax.random.key(0), 3)
      >>> variables = jax.vmap(net.init, in_axes=(0, None))(keys, images)
      >>> predict(net, variables, images, batch_size=2).shape
      (3, 5, 2)
    """
    images = on_device(images, stats)
    return _outputs(net, variables, images, batch_size=batch_size, method="__call__", mesh=mesh)


def embed(
    net: nn.Module,
    variables: Any,
    images: Array,
    *,
    batch_size: int | None = None,
    stats: Stats | None = None,
    mesh: Mesh | None = None,
) -> Array:
    """The features before the head of several networks, for one set of images.

    Args:
      net: a flax module with a method ``embed``.
      variables: its variables with a leading axis ``[k]``.
      images: float ``[n, h, w, c]`` in normalised space, or uint8 ``[n, h, w, c]`` (0–255).
      batch_size: images per forward pass, ``None`` for what suits the backend.
      stats: mean and standard deviation that normalise uint8 images; unused for float images.
      mesh: devices that divide networks and images, from ``parallel.make_mesh``; ``None`` is one.

    Returns:
      Features ``[k, n, f]``.

    Raises:
      UserError: there are no images, or uint8 images come without ``stats``.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> images = jnp.zeros((5, 4, 4, 1))
      >>> variables = jax.tree.map(lambda x: x[None], net.init(jax.random.key(0), images))
      >>> embed(net, variables, images, batch_size=2).shape
      (1, 5, 8)
    """
    images = on_device(images, stats)
    return _outputs(net, variables, images, batch_size=batch_size, method="embed", mesh=mesh)


class _Outputs(NamedTuple):
    """What the program of the outputs is compiled for, shapes apart."""

    net: nn.Module
    batch_size: int
    method: str
    networks_at_once: int | None
    mesh: Mesh | None


@functools.partial(jax.jit, static_argnums=0)
def _forward(program: _Outputs, variables: Any, images: Images) -> Array:
    """The outputs ``[k, n, …]``, chunk by chunk; the last chunk is filled up with zeros."""
    mesh = program.mesh
    nets, rows = devices.network_axes(mesh), devices.row_axes(mesh)
    num_networks, size = jax.tree.leaves(variables)[0].shape[0], len(images.pixels)
    each = -(-size // devices.parts(mesh, rows))
    chunk = min(program.batch_size, each)
    each = -(-each // chunk) * chunk
    zeros = [(0, each * devices.parts(mesh, rows) - size)] + [(0, 0)] * (images.pixels.ndim - 1)
    images = images._replace(pixels=jnp.pad(images.pixels, zeros))

    def some(variables, images):
        batches = images.pixels.reshape(-1, chunk, *images.pixels.shape[1:])

        def network(variables):
            def batch(pixels):
                inputs = Images(pixels, images.stats).normalized(slice(None))
                return program.net.apply(variables, inputs, method=program.method)

            outputs = lax.map(batch, batches)
            return outputs.reshape(each, *outputs.shape[2:])

        return kernels.chunked_map(network, variables, chunk_size=program.networks_at_once)

    divided = Images(PartitionSpec(rows), PartitionSpec())
    forward = parallel.on_mesh(
        some,
        mesh,
        in_specs=(PartitionSpec(nets), divided),
        out_specs=PartitionSpec(nets, rows),
    )
    outputs = forward(devices.fill(variables, devices.parts(mesh, nets)), images)
    return devices.gather(outputs[:num_networks, :size], mesh)


def _outputs(
    net: nn.Module,
    variables: Any,
    images: Images,
    *,
    batch_size: int | None,
    method: str,
    mesh: Mesh | None,
) -> Array:
    if batch_size is not None and batch_size < 1:
        raise errors.UserError(f"batch_size must be at least 1, not {batch_size}")
    num_networks = jax.tree.leaves(variables)[0].shape[0]
    rows = batch_size or min(_IMAGES_PER_PASS, len(images.pixels))
    at_once = chunks(net, images, num_networks=num_networks, rows=rows, mesh=mesh)
    rows = batch_size or min(at_once.images or rows, rows)
    program = _Outputs(net, rows, method, at_once.networks, mesh)
    if not isinstance(images.pixels, data.HostImages):
        return _forward(program, *parallel.replicate((variables, images), mesh))
    variables, outputs = parallel.replicate(variables, mesh), []
    piece = rows * devices.parts(mesh, devices.row_axes(mesh))
    for start in range(0, len(images.pixels), piece):
        batch = np.arange(start, min(start + piece, len(images.pixels)))
        some = images._replace(pixels=jnp.asarray(images.pixels.read(batch)))
        outputs.append(_forward(program, variables, parallel.replicate(some, mesh)))
    return jnp.concatenate(outputs, axis=1)
