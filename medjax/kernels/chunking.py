"""Maps and sums over a leading axis, a chunk of it at a time."""

from collections.abc import Callable
from typing import Any

import chex
import jax
import jax.numpy as jnp
from jax import lax

from medjax.types import Array, varying_axes


def chunked_map(fn: Callable[[Any], Any], xs: Any, *, chunk_size: int | None) -> Any:
    """Maps ``fn`` over the leading axis, vectorised over ``chunk_size`` items at a time.

    Args:
      fn: a function of one item (a slice of ``xs``).
      xs: a pytree of arrays with the same leading axis.
      chunk_size: items per vectorised call; ``None`` is ``vmap`` over all.

    Returns:
      The results stacked on a leading axis, equal to ``jax.vmap(fn)(xs)``.

    Raises:
      AssertionError: leading axes of different length.

    Example:
      >>> chunked_map(lambda x: x * 2.0, jnp.arange(3.0), chunk_size=1)
      Array([0., 2., 4.], dtype=float32)
    """
    size = _rows(xs)
    if size > 1 and (chunk_size is None or chunk_size >= size):
        return jax.vmap(fn)(xs)
    # One item is not vectorised: under vmap a convolution by its weights becomes a grouped one.
    return lax.map(fn, xs, batch_size=None if 1 in (size, chunk_size) else chunk_size)


def chunked_sum(fn: Callable[[Any], Any], xs: Any, *, chunk_size: int | None) -> Any:
    """Sums ``fn`` over chunks of the leading axis, so that only one chunk is live at a time.

    Derivatives recompute each chunk, so they keep one chunk live as well. All chunks have the same
    size. The last is padded with zeros, so ``fn`` must add nothing for an all-zero row: include
    a weight in ``xs``.

    Args:
      fn: a function of a chunk (``xs`` cut to fewer rows) to a pytree of sums.
      xs: a pytree of arrays with the same leading axis.
      chunk_size: the most rows per call; ``None`` is one call with all rows.

    Returns:
      The sum of ``fn`` over the chunks.

    Raises:
      AssertionError: leading axes of different length.

    Example:
      >>> chunked_sum(jnp.sum, jnp.arange(5.0), chunk_size=2)
      Array(10., dtype=float32)
    """
    size = _rows(xs)
    if chunk_size is None or chunk_size >= size:
        return fn(xs)
    # A size near the wanted one that divides the rows needs no padding; otherwise as little as
    # possible: 47 rows by at most 32 become 24 and 23, not 32 and 15 with 17 rows of padding.
    divisors = (rows for rows in range(chunk_size, chunk_size // 2, -1) if size % rows == 0)
    rows = next(divisors, -(-size // -(-size // chunk_size)))
    count = -(-size // rows)

    def cut(x: Array) -> Array:
        pad = [(0, count * rows - size)] + [(0, 0)] * (x.ndim - 1)
        return jnp.pad(x, pad).reshape(count, rows, *x.shape[1:])

    chunks = jax.tree.map(cut, xs)
    first = jax.tree.map(lambda x: x[0], chunks)
    zeros = jax.tree.map(_zeros, jax.eval_shape(fn, first))

    again = jax.checkpoint(fn, prevent_cse=False)  # the loop already keeps the two apart

    def add(total: Any, chunk: Any) -> tuple[Any, None]:
        return jax.tree.map(jnp.add, total, again(chunk)), None

    return lax.scan(add, zeros, chunks)[0]


def _rows(xs: Any) -> int:
    leaves = jax.tree.leaves(xs)
    chex.assert_equal_shape_prefix(leaves, 1)
    size: int = leaves[0].shape[0]
    return size


def _zeros(like: jax.ShapeDtypeStruct) -> Array:
    zeros, axes = jnp.zeros(like.shape, like.dtype), tuple(sorted(varying_axes(like)))
    return lax.pcast(zeros, axes, to="varying") if axes else zeros
