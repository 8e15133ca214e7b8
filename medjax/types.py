"""Types shared by every layer of medjax."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

Array = jax.Array
"""A JAX array. Images are NHWC float32 in normalised space unless said otherwise."""

PRNGKey = jax.Array
"""A typed PRNG key, made by ``jax.random.key``."""

Params = Any
"""A pytree of arrays: the parameters of a network."""

ApplyFn = Callable[[Params, Array], Array]
"""``(params, images [n, h, w, c]) -> logits [n, classes]``."""

EmbedFn = Callable[[Params, Array], Array]
"""``(params, images [n, h, w, c]) -> features [n, f]``."""

AxisName = str | tuple[str, ...] | None
"""Mesh axes over which a batch is divided, inside ``shard_map`` or ``vmap``; ``None`` for none."""

LossFn = Callable[..., Array]
"""``(logits, labels, *, weights=None) -> scalar``, a (weighted) mean over the batch."""

DistanceFn = Callable[[Params, Params], Array]
"""``(gradients, gradients) -> scalar``, a distance between two pytrees of equal structure."""


class SyntheticSet(NamedTuple):
    """A distilled data set in normalised space.

    Attributes:
      images: float32 ``[n, h, w, c]``, 0 is the data set's mean; never clipped.
      labels: int32 ``[n]``, ordered ``0…0, 1…1, …``.
    """

    images: Array
    labels: Array
