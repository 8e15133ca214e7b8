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

MULTI_CLASS = "multi-class"
BINARY_CLASS = "binary-class"
MULTI_LABEL = "multi-label, binary-class"
ORDINAL = "ordinal-regression"
"""The four tasks, as MedMNIST writes them."""

IGNORED = -1
"""The entry of a label row ``[n, L]`` that is not known: it is neither trained nor scored on."""


def varying_axes(x: Any) -> frozenset[str]:
    """Returns the mesh axes along which an array differs, inside ``shard_map`` with checked axes.

    Args:
      x: an array, or its ``jax.ShapeDtypeStruct``.

    Returns:
      The names of the axes; none outside ``shard_map`` or without checked axes.

    Example:
      >>> varying_axes(jax.numpy.ones(3))
      frozenset()
    """
    kind = x if isinstance(x, jax.ShapeDtypeStruct) else jax.typeof(x)
    if hasattr(kind, "manual_axis_type"):  # its name in newer versions of JAX
        return kind.manual_axis_type.varying if kind.manual_axis_type else frozenset()
    return kind.vma or frozenset()


class SyntheticSet(NamedTuple):
    """A distilled data set in normalised space.

    Attributes:
      images: float32 ``[n, h, w, c]``, 0 is the data set's mean; never clipped.
      labels: int32 ``[n]``, ordered ``0…0, 1…1, …``; or float32 ``[n, L]``, a row of labels in
        ``[0, 1]`` for each image, ordered by the finding each was drawn for.
    """

    images: Array
    labels: Array
