"""Chunk sizes: the number of networks, classes and images that are computed at once.

A GPU or TPU computes everything at once (``vmap``). A CPU computes one network and one class at a
time, as several networks at once are slower (``nets/layers/conv.py``), over images in chunks whose
activations stay in the cache.
"""

from typing import NamedTuple


class Chunks(NamedTuple):
    """Numbers of items that are computed at once; ``None`` is all of them.

    Attributes:
      networks: networks per vectorised call.
      classes: classes per vectorised call.
      images: images per forward pass if nothing is differentiated by them.
      synthetic: images per pass if something is; the backward pass then repeats each forward pass.
    """

    networks: int | None
    classes: int | None
    images: int | None
    synthetic: int | None = None


# Measured (docs/PERFORMANCE.md): the best size of a chunk's activations on a CPU.
_CACHE_BYTES = 14_000_000
# Passes that are made twice are faster with larger chunks.
_SYNTHETIC = 1.5


def backend_chunks(platform: str, bytes_per_image: int, *, weight_bytes: int = 0) -> Chunks:
    """Returns the fastest chunk sizes for a backend, if memory is unlimited.

    Args:
      platform: that of ``planned_device``.
      bytes_per_image: activations that a network keeps of an image, see ``network_bytes``.
      weight_bytes: the network's weights. Every chunk adds a gradient of this size, so its
        activations are at least as large.

    Returns:
      The chunk sizes: measured ones on a CPU, otherwise everything at once.

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
    """Returns the largest chunk size that fits in memory, up to the wanted one.

    Args:
      chunk_size: wanted items per vectorised call; ``None`` is all.
      size: number of items.
      bytes_each: memory of each item.
      budget: available memory in bytes.

    Returns:
      ``chunk_size`` if that many items fit, otherwise the number that does, at least 1.

    Example:
      >>> [at_once(None, size=size, bytes_each=10, budget=45) for size in (9, 4)]
      [4, None]
    """
    wanted = size if chunk_size is None else min(chunk_size, size)
    room = max(budget // max(bytes_each, 1), 1)
    return chunk_size if room >= wanted else room
