"""One epoch of shuffled minibatches, inside a compiled program."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from medjax.types import Array, PRNGKey

StepFn = Callable[[Any, Array, PRNGKey], Any]
"""``(carry, rows [b], key) -> carry``: one step on the rows of one minibatch."""


def run_epoch(key: PRNGKey, step: StepFn, carry: Any, *, num_rows: int, batch_size: int) -> Any:
    """Visits every row once: shuffled full batches in a loop, then the remainder as is.

    A set no larger than a batch is one batch of all rows in order.

    Args:
      key: PRNG key of this epoch.
      step: one training step, with a key of its own for every batch.
      carry: the first step's carry.
      num_rows: rows of the set.
      batch_size: rows of a full batch.

    Returns:
      The carry after the last batch.

    Example:
      >>> step = lambda total, rows, key: total + jnp.sum(rows)
      >>> run_epoch(jax.random.key(0), step, jnp.array(0), num_rows=5, batch_size=2)
      Array(10, dtype=int32)
    """
    # The remainder is not padded to a full batch: the padding would be wasted work (nearly half
    # of it for 300 rows in batches of 256) and would count in the moments of a batch norm.
    order_key, batches_key = jax.random.split(key)
    if num_rows <= batch_size:
        return step(carry, jnp.arange(num_rows), jax.random.fold_in(batches_key, 0))
    order = jax.random.permutation(order_key, num_rows)
    full, rest = divmod(num_rows, batch_size)

    def batch(index: Array, carry: Any) -> Any:
        rows = lax.dynamic_slice_in_dim(order, index * batch_size, batch_size)
        return step(carry, rows, jax.random.fold_in(batches_key, index))

    carry = lax.fori_loop(0, full, batch, carry)
    if rest:
        carry = step(carry, order[-rest:], jax.random.fold_in(batches_key, full))
    return carry
