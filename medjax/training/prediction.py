"""Predictions of trained networks: logits and features, in one compiled program."""

import functools
from typing import Any, NamedTuple, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from medjax import data, errors, kernels, parallel
from medjax.training import devices
from medjax.training.chunk_sizes import chunks
from medjax.training.inputs import Images, Pixels, Stats, on_device
from medjax.types import Array

# Bounds the memory of activations if neither the caller nor the backend sets a number.
_IMAGES_PER_PASS = 512


def predict(
    net: nn.Module,
    variables: Any,
    images: Pixels,
    *,
    batch_size: int | None = None,
    stats: Stats | None = None,
    mesh: Mesh | None = None,
) -> Array:
    """Computes the logits of several networks for one set of images.

    Args:
      net: the flax module that was trained.
      variables: its variables with a leading axis ``[k]``, as ``train_networks`` returns them.
      images: float ``[n, h, w, c]`` in normalised space, or uint8 ``[n, h, w, c]`` (0–255).
      batch_size: images per forward pass, ``None`` for the best number on the backend; does not
        change the result.
      stats: mean and standard deviation that normalise uint8 images; unused for float images.
      mesh: devices that divide networks and images, from ``parallel.make_mesh``; ``None`` is one.

    Returns:
      Logits ``[k, n, C]``; batch norm uses its running moments. Memory-mapped images are read one
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
    inputs = on_device(images, stats)
    return _outputs(net, variables, inputs, batch_size=batch_size, method="__call__", mesh=mesh)


def embed(
    net: nn.Module,
    variables: Any,
    images: Pixels,
    *,
    batch_size: int | None = None,
    stats: Stats | None = None,
    mesh: Mesh | None = None,
) -> Array:
    """Computes the features before the head of several networks, for one set of images.

    Args:
      net: a flax module with a method ``embed``.
      variables, images, batch_size, stats, mesh: see ``predict``.

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
    inputs = on_device(images, stats)
    return _outputs(net, variables, inputs, batch_size=batch_size, method="embed", mesh=mesh)


class _Program(NamedTuple):
    """The static arguments that ``_forward`` is compiled for."""

    net: nn.Module
    batch_size: int
    method: str
    networks_at_once: int | None
    mesh: Mesh | None


@functools.partial(jax.jit, static_argnums=0)
def _forward(
    program: _Program, variables: Any, pixels: Array, stats: tuple[Array, Array] | None
) -> Array:
    """Returns the outputs ``[k, n, …]``, chunk by chunk; zeros fill the last chunk."""
    mesh = program.mesh
    nets, rows = devices.network_axes(mesh), devices.row_axes(mesh)
    num_networks, size = jax.tree.leaves(variables)[0].shape[0], len(pixels)
    each = -(-size // devices.parts(mesh, rows))
    chunk = min(program.batch_size, each)
    each = -(-each // chunk) * chunk
    zeros = [(0, each * devices.parts(mesh, rows) - size)] + [(0, 0)] * (pixels.ndim - 1)

    def some(variables: Any, pixels: Array, stats: tuple[Array, Array] | None) -> Array:
        batches = pixels.reshape(-1, chunk, *pixels.shape[1:])

        def network(variables: Any) -> Array:
            def batch(pixels: Array) -> Array:
                inputs = Images(pixels, stats).normalized(slice(None))
                # flax's type allows for updated variables, which only `mutable` returns.
                return cast(Array, program.net.apply(variables, inputs, method=program.method))

            outputs: Array = lax.map(batch, batches)
            return outputs.reshape(each, *outputs.shape[2:])

        chunk_size = program.networks_at_once
        mapped: Array = kernels.chunked_map(network, variables, chunk_size=chunk_size)
        return mapped

    forward = parallel.on_mesh(
        some,
        mesh,
        in_specs=(PartitionSpec(nets), PartitionSpec(rows), PartitionSpec()),
        out_specs=PartitionSpec(nets, rows),
    )
    variables = devices.fill(variables, devices.parts(mesh, nets))
    outputs = forward(variables, jnp.pad(pixels, zeros), stats)
    gathered: Array = devices.gather(outputs[:num_networks, :size], mesh)
    return gathered


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
    pixels, size = images.pixels, len(images.pixels)
    rows = batch_size or min(_IMAGES_PER_PASS, size)
    at_once = chunks(net, images, num_networks=num_networks, rows=rows, mesh=mesh)
    rows = batch_size or min(at_once.images or rows, rows)
    program = _Program(net, rows, method, at_once.networks, mesh)
    variables, stats = parallel.replicate((variables, images.stats), mesh)
    if not isinstance(pixels, data.HostImages):
        outputs: Array = _forward(program, variables, parallel.replicate(pixels, mesh), stats)
        return outputs
    pieces, step = [], rows * devices.parts(mesh, devices.row_axes(mesh))
    for start in range(0, size, step):
        some = jnp.asarray(pixels.read(np.arange(start, min(start + step, size))))
        pieces.append(_forward(program, variables, parallel.replicate(some, mesh), stats))
    return jnp.concatenate(pieces, axis=1)
