"""How much is computed at once: the one place where the backend decides about batching.

On a GPU or TPU everything is computed at once (``vmap``). On a CPU one network and one class at a
time (several networks at once would be slower, see ``nets/conv.py``) over images in chunks whose
activations stay in the cache.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from medjax.types import Array, varying_axes


class Chunks(NamedTuple):
    """How many items are computed at once; ``None`` is all of them.

    Attributes:
      networks: networks per vectorised call.
      classes: classes per vectorised call.
      images: images per forward pass where nothing is differentiated by them.
      synthetic: images per pass where something is: each pass is then made again on the way back.
    """

    networks: int | None
    classes: int | None
    images: int | None
    synthetic: int | None = None


# Measured (docs/PERFORMANCE.md): what a chunk's activations may take on a CPU.
_CACHE_BYTES = 14_000_000
# More of those whose pass is made twice: in one piece they are faster, until far above the cache.
_SYNTHETIC = 1.5


def backend_chunks(platform: str, bytes_per_image: int, *, weight_bytes: int = 0) -> Chunks:
    """The chunk sizes for a backend, if memory is no matter.

    Args:
      platform: as ``jax.default_backend()`` names it.
      bytes_per_image: activations that a network keeps of an image, see ``network_bytes``.
      weight_bytes: its weights; as every chunk adds up a gradient as large, it had better be worth
        it.

    Returns:
      The chunk sizes; on a CPU measured, elsewhere everything at once.

    Example:
      >>> backend_chunks("cpu", 10**6)
      Chunks(networks=1, classes=1, images=14, synthetic=21)
      >>> backend_chunks("gpu", 10**6)
      Chunks(networks=None, classes=None, images=None, synthetic=None)
    """
    if platform == "cpu":
        images = max(max(_CACHE_BYTES, weight_bytes) // max(bytes_per_image, 1), 1)
        return Chunks(networks=1, classes=1, images=images, synthetic=int(_SYNTHETIC * images))
    return Chunks(networks=None, classes=None, images=None)


def at_once(chunk_size: int | None, *, size: int, bytes_each: int, budget: int) -> int | None:
    """A chunk size that fits in memory: the wanted one, or as many items as there is room for.

    Args:
      chunk_size: wanted items per vectorised call; ``None`` is all.
      size: items there are.
      bytes_each: memory that each takes.
      budget: memory there is, in bytes.

    Returns:
      ``chunk_size`` if so many fit, otherwise the number that does, at least 1.

    Example:
      >>> [at_once(None, size=size, bytes_each=10, budget=45) for size in (9, 4)]
      [4, None]
    """
    wanted = size if chunk_size is None else min(chunk_size, size)
    room = max(budget // max(bytes_each, 1), 1)
    return chunk_size if room >= wanted else room


def chunked_map(fn: Callable, xs: Any, *, chunk_size: int | None) -> Any:
    """Maps ``fn`` over the leading axis, ``chunk_size`` items at a time vectorised.

    Args:
      fn: a function of one item (a slice of ``xs``).
      xs: a pytree of arrays with the same leading axis.
      chunk_size: items per vectorised call; ``None`` is ``vmap`` over all.

    Returns:
      The results stacked on a leading axis, equal to ``jax.vmap(fn)(xs)``.

    Example:
      >>> chunked_map(lambda x: x * 2.0, jnp.arange(3.0), chunk_size=1)
      Array([0., 2., 4.], dtype=float32)
    """
    size = jax.tree.leaves(xs)[0].shape[0]
    if chunk_size is None or chunk_size >= size > 1:
        return jax.vmap(fn)(xs)
    return lax.map(fn, xs, batch_size=None if chunk_size == 1 else chunk_size)


def chunked_sum(fn: Callable, xs: Any, *, chunk_size: int | None) -> Any:
    """Sums ``fn`` over chunks of the leading axis, so that only one chunk is live at a time.

    That holds for its derivatives, too: what a chunk keeps for them is computed again.

    The chunks are of one size; the last is filled up with zeros: ``fn`` must add nothing for an
    all-zero row, which a weight among ``xs`` sees to.

    Args:
      fn: a function of a chunk (``xs`` cut to fewer rows) to a pytree of sums.
      xs: a pytree of arrays with the same leading axis.
      chunk_size: the most rows per call; ``None`` is one call with all rows.

    Returns:
      The sum of ``fn`` over the chunks.

    Example:
      >>> chunked_sum(jnp.sum, jnp.arange(5.0), chunk_size=2)
      Array(10., dtype=float32)
    """
    size = jax.tree.leaves(xs)[0].shape[0]
    if chunk_size is None or chunk_size >= size:
        return fn(xs)
    # Chunks without filling where a size near the wanted one divides; otherwise of nearly one size:
    # 47 rows by at most 32 are 24 and 23, not 32 and 15 with 17 of filling.
    divisors = (rows for rows in range(chunk_size, chunk_size // 2, -1) if size % rows == 0)
    rows = next(divisors, -(-size // -(-size // chunk_size)))
    count = -(-size // rows)

    def cut(x):
        pad = [(0, count * rows - size)] + [(0, 0)] * (x.ndim - 1)
        return jnp.pad(x, pad).reshape(count, rows, *x.shape[1:])

    chunks = jax.tree.map(cut, xs)
    first = jax.tree.map(lambda x: x[0], chunks)
    zeros = jax.tree.map(_zeros, jax.eval_shape(fn, first))

    again = jax.checkpoint(fn, prevent_cse=False)  # the loop already keeps the two apart

    def add(total, chunk):
        return jax.tree.map(jnp.add, total, again(chunk)), None

    return lax.scan(add, zeros, chunks)[0]


def _zeros(like: jax.ShapeDtypeStruct) -> Array:
    zeros, axes = jnp.zeros(like.shape, like.dtype), tuple(sorted(varying_axes(like)))
    return lax.pcast(zeros, axes, to="varying") if axes else zeros
