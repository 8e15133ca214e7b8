"""Pooling 2×2, as PyTorch does it, and images that are too small for a network that pools."""

import jax.numpy as jnp
from jax import lax

from medjax.errors import UserError
from medjax.types import Array

POOLINGS = ("avg", "max", "none")


def pool(x: Array, kind: str) -> Array:
    """Pools 2×2 at stride 2; a last odd row or column is dropped, as PyTorch does.

    Args:
      x: ``[n, h, w, c]``.
      kind: ``avg``, ``max`` or ``none``, which leaves ``x`` as it is.

    Returns:
      ``[n, ⌊h / 2⌋, ⌊w / 2⌋, c]``.

    Example:
      >>> pool(jnp.arange(6.0).reshape(1, 2, 3, 1), "max").tolist()
      [[[[4.0]]]]
    """
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


def require_size(images: Array, name: str, *, least: int) -> None:
    """Refuses images of which a network's pooling would leave nothing.

    Args:
      images: ``[n, h, w, c]``.
      name: of the network, for people.
      least: the smallest side that will do; 28 does where 32 does, as it is padded to it.

    Raises:
      UserError: naming the size and the least one.

    Example:
      >>> require_size(jnp.zeros((1, 28, 32, 1)), "VGG11", least=32)
    """
    h, w = images.shape[1:3]
    if any((32 if size == 28 else size) < least for size in (h, w)):
        raise UserError(f"{name} needs images of at least {least}×{least}, got {h}×{w}")
