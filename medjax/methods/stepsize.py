"""A step size that is learned, and stays one."""

import jax.numpy as jnp

from medjax.types import Array

# How far it may move in an iteration, and from where it started, as factors.
_MOST_AT_ONCE, _MOST = 1.25, 100.0


def move_step_size(step_size: Array, update: Array, *, start: float) -> Array:
    """``α exp(δ / α)``: ``α + δ`` for small steps, and positive for all.

    It changes by no more than a quarter in an iteration, and stays within a hundredth and a hundred
    times of where it started.

    Args:
      step_size: α, a positive float scalar.
      update: δ, what an unbounded step would add to it.
      start: what it started from.

    Returns:
      A float scalar above 0, unless the update is not a number.

    Example:
      >>> move_step_size(jnp.array(0.5), jnp.array(-10.0), start=0.5)
      Array(0.4, dtype=float32)
    """
    most = jnp.log(jnp.asarray(_MOST_AT_ONCE, step_size.dtype))
    moved = step_size * jnp.exp(jnp.clip(update / step_size, -most, most))
    return jnp.clip(moved, start / _MOST, start * _MOST)
