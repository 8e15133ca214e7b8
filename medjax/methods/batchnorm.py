"""Batch norm in matched networks: running moments of real images of all classes."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from medjax import data, kernels
from medjax.nets.layers.norms import MOMENTUM
from medjax.types import Array, Params, PRNGKey

MODES = ("reference", "batch")

_PER_CLASS = 16
_KEY = np.uint32(2**32 - 1)  # no class has this number


def with_moments(
    keys: PRNGKey,
    net: nn.Module,
    variables: Params,
    real: data.RealData,
    *,
    mode: str,
    chunk_size: int | None,
) -> Params:
    """Returns networks with the moments that they use while they are matched.

    16 real images of each class pass through a network together; a smaller class repeats its
    images. In mode ``reference``, their moments move the running moments of the network by a tenth,
    as PyTorch's training mode does, which leaves those of a fresh network far from the images. In
    mode ``batch``, they replace the running moments. Matching treats the moments as constants, so
    the padding and chunking of its batches change nothing.

    Args:
      keys: a key for each network, ``[k]``.
      net: a flax module.
      variables: the networks, leading axis ``[k]``; returned as is without ``batch_stats``.
      real: the training images.
      mode: one of ``MODES``.
      chunk_size: networks computed at once; ``None`` is all.

    Returns:
      The variables of the networks.
    """
    if "batch_stats" not in variables:
        return variables

    def one(network: tuple[PRNGKey, Params]) -> Params:
        key, own = network
        images = data.take(real, _rows(jax.random.fold_in(key, _KEY), real))
        stats = own["batch_stats"]
        if mode == "batch":  # from zero, the running moments are a tenth of the batch's
            stats = jax.tree.map(jnp.zeros_like, stats)
        _, moved = net.apply({**own, "batch_stats": stats}, images, mutable="batch_stats")
        if mode == "batch":
            moved = jax.tree.map(lambda x: x / MOMENTUM, moved)
        return {**own, **moved}

    chex.assert_rank(keys, 1)
    return kernels.chunked_map(one, (keys, variables), chunk_size=chunk_size)


def _rows(key: PRNGKey, real: data.RealData) -> Array:
    """Draws equally many rows of each class, int32 ``[C · b]``."""

    def one_class(label: Array) -> Array:
        class_key = jax.random.fold_in(key, label)
        rows, _ = data.sample_rows(class_key, real, label, batch=_PER_CLASS)
        return rows[jnp.arange(len(rows), dtype=jnp.int32) % real.counts[label]]

    rows: Array = jax.lax.map(one_class, jnp.arange(len(real.counts), dtype=jnp.int32))
    return rows.reshape(-1)
