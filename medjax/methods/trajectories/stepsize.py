"""A learned step size that stays positive."""

import chex
import jax.numpy as jnp

from medjax.types import Array

# The largest change in an iteration, and from the start, as factors.
_MOST_AT_ONCE, _MOST = 1.25, 100.0


def move_step_size(step_size: Array, update: Array, *, start: float) -> Array:
    """Returns ``α exp(δ / α)``, which is ``α + δ`` for small steps and positive for all.

    α changes by no more than a quarter in an iteration, and stays between a hundredth of its first
    value and a hundred times that.

    Args:
      step_size: α, a positive float scalar.
      update: δ, what an unbounded step would add to α.
      start: the first value of α.

    Returns:
      A float scalar above 0, unless the update is not a number.

    Example:
      >>> move_step_size(jnp.array(0.5), jnp.array(-10.0), start=0.5)
      Array(0.4, dtype=float32)
    """
    chex.assert_rank([step_size, update], 0)
    most = jnp.log(jnp.asarray(_MOST_AT_ONCE, step_size.dtype))
    moved = step_size * jnp.exp(jnp.clip(update / step_size, -most, most))
    return jnp.clip(moved, start / _MOST, start * _MOST)
