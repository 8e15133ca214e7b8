"""Chunk sizes of a matching step that fit in memory."""

import logging
from typing import NamedTuple

from medjax.errors import UserError
from medjax.planning.chunks import Chunks, at_once

_log = logging.getLogger("medjax")
_GIB = 2**30


class Cost(NamedTuple):
    """Memory to match one class under one network, in bytes.

    Attributes:
      fixed: independent of the number of images: weights and their gradients.
      per_syn: for each synthetic image, to differentiate the loss by it.
      per_real: for each real image, to differentiate the network by its parameters.
    """

    fixed: int
    per_syn: int
    per_real: int


def fit(wanted: Chunks, sizes: Chunks, cost: Cost, *, budget: int) -> Chunks:
    """Reduces chunk sizes until a matching step fits in memory.

    Networks are reduced first, then classes, then images. Synthetic images get the memory that real
    ones leave, or half of it.

    Args:
      wanted: chunk sizes; ``None`` is all.
      sizes: numbers of networks, classes, and real and synthetic images of a class.
      cost: the memory for one class under one network.
      budget: available memory in bytes.

    Returns:
      Chunk sizes, none larger than wanted.

    Raises:
      UserError: if one synthetic and one real image do not fit.

    Example:
      >>> everything, sizes = Chunks(None, None, None), Chunks(2, 9, 256, 10)
      >>> fit(everything, sizes, Cost(0, per_syn=10, per_real=1), budget=1500)
      Chunks(networks=1, classes=4, images=None, synthetic=None)
    """
    images, synthetic = wanted.images, wanted.synthetic
    rows = min(images or sizes.images, sizes.images)
    syn = min(synthetic or sizes.synthetic, sizes.synthetic)
    left = budget - cost.fixed
    room = max(max(left // 2, left - rows * cost.per_real) // cost.per_syn, 1)
    if room < syn:
        synthetic = syn = room
    room = (left - syn * cost.per_syn) // cost.per_real
    if room < rows:
        images = rows = room
    if rows < 1:
        raise UserError(
            f"a real and a synthetic image take about {sum(cost) / _GIB:.1f} GiB to match, and "
            f"this device has {budget / _GIB:.1f} GiB; choose a smaller net.width or data.size, or "
            "precision=bfloat16"
        )
    each = cost.fixed + syn * cost.per_syn + rows * cost.per_real
    classes = at_once(wanted.classes, size=sizes.classes, bytes_each=each, budget=budget)
    together = min(classes or sizes.classes, sizes.classes)
    networks = at_once(
        wanted.networks, size=sizes.networks, bytes_each=together * each, budget=budget
    )
    chunks = Chunks(networks, classes, images, synthetic)
    together *= min(networks or sizes.networks, sizes.networks)
    _log.info(
        "memory: matching takes about %.2f of %.2f GiB, at once %d of %d classes × networks",
        *(together * each / _GIB, budget / _GIB, together, sizes.classes * sizes.networks),
    )
    return chunks
