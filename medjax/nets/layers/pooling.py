"""Pooling 2×2 as in PyTorch."""

import jax.numpy as jnp
from jax import lax

from medjax.types import Array

POOLINGS = ("avg", "max", "none")


def pool(x: Array, kind: str) -> Array:
    """Pools at stride 2: ``[n, h, w, c] -> [n, ⌊h / 2⌋, ⌊w / 2⌋, c]``; ``none`` returns ``x``."""
    if kind == "none":
        return x
    n, h, w, c = x.shape
    x = lax.slice(x, (0, 0, 0, 0), (n, h // 2 * 2, w // 2 * 2, c))
    join = jnp.add if kind == "avg" else jnp.maximum
    # Rows, then columns as halves of the channel axis: long contiguous runs for both.
    rows = x.reshape(n, h // 2, 2, w // 2 * 2, c)
    columns = join(rows[:, :, 0], rows[:, :, 1]).reshape(n, h // 2, w // 2, 2 * c)
    pooled = join(columns[..., :c], columns[..., c:])
    return pooled / 4 if kind == "avg" else pooled
