"""How much is computed at once: the one place where the backend decides about batching.

On a GPU or TPU everything is computed at once (``vmap``). On a CPU one network and one class at a
time (several networks at once would be slower, see ``nets/layers/conv.py``) over images in chunks
whose activations stay in the cache.
"""

from typing import NamedTuple


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
