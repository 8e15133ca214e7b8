"""How much of a matching step is computed at once, so that it fits in memory."""

import logging
from typing import NamedTuple

from medjax.errors import UserError
from medjax.planning.chunks import Chunks, at_once

_log = logging.getLogger("medjax")
_GIB = 2**30


class Cost(NamedTuple):
    """Memory that matching one class under one network takes, in bytes.

    Attributes:
      fixed: kept once, whatever the number of images: weights and their gradients.
      per_syn: kept for each synthetic image to differentiate the loss by it.
      per_real: kept for each real image to differentiate the network by its parameters.
    """

    fixed: int
    per_syn: int
    per_real: int


def fit(wanted: Chunks, sizes: Chunks, cost: Cost, *, budget: int) -> Chunks:
    """What to compute at once: what is wanted, or as much of it as fits.

    First fewer networks are computed at once, then fewer classes, then fewer images: synthetic ones
    take what real ones leave, or half of the memory.

    Args:
      wanted: chunk sizes; ``None`` is all.
      sizes: how many networks, classes, and real and synthetic images of a class there are.
      cost: of one class under one network.
      budget: bytes.

    Returns:
      Chunk sizes, none larger than wanted.

    Raises:
      UserError: if a single synthetic image and a single real one do not fit.

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
            "a real and a synthetic image take about "
            f"{sum(cost) / _GIB:.1f} GiB to match, and this device has "
            f"{budget / _GIB:.1f} GiB; choose a smaller net.width or data.size, or "
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
        together * each / _GIB,
        budget / _GIB,
        together,
        sizes.classes * sizes.networks,
    )
    return chunks
