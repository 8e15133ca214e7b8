"""Where each class's synthetic images lie, and what they start from."""

import operator
from collections.abc import Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from medjax import data
from medjax.coreset.selection import SELECTIONS, select_rows
from medjax.errors import UserError, unknown
from medjax.types import Array, PRNGKey, SyntheticSet

INITS = ("noise", "real", *SELECTIONS)


class Layout(NamedTuple):
    """The order of the synthetic images: class 0 first, then class 1, and so on.

    Of a multi-label set the classes are groups, see ``data.group_indices``.

    Attributes:
      labels: int32 ``[n]``, the class or group of each.
      index: int32 ``[C, max_ipc]``, rows of each class, padded with row 0.
      weights: float32 ``[C, max_ipc]``, 1 for a row and 0 for padding.
      places: int32 ``[n]``, where each row lies in ``index`` flattened.
    """

    labels: np.ndarray
    index: np.ndarray
    weights: np.ndarray
    places: np.ndarray

    def per_class(self, images: Array) -> Array:
        """``[n, …] -> [C, max_ipc, …]``."""
        return images[self.index]

    def flat(self, images: Array) -> Array:
        """``[C, max_ipc, …] -> [n, …]``, the inverse of ``per_class``."""
        return images.reshape(-1, *images.shape[2:])[self.places]


def make_layout(ipc: int | Sequence[int], num_classes: int) -> Layout:
    """Lays out the synthetic images.

    Args:
      ipc: images per class, one number or one for each class; each at least 1.
      num_classes: number of classes, or of groups.

    Returns:
      The layout.

    Raises:
      UserError: for a number below 1, or a list that does not fit the classes.

    Example:
      >>> make_layout([1, 2], 2).labels.tolist()
      [0, 1, 1]
    """
    try:
        counts = [operator.index(x) for x in (ipc if np.ndim(ipc) else [ipc] * num_classes)]
    except TypeError as error:
        raise UserError(f"ipc must be whole numbers, got {ipc}") from error
    if len(counts) != num_classes:
        raise UserError(
            f"ipc lists {len(counts)} numbers {counts} for {num_classes} classes; "
            "give one number, or one for each class"
        )
    if min(counts) < 1:
        raise UserError(f"ipc must be at least 1 for every class, got {ipc}")
    columns = np.arange(max(counts))
    used = columns[None] < np.array(counts)[:, None]
    starts = np.cumsum([0, *counts[:-1]])
    return Layout(
        labels=np.repeat(np.arange(num_classes), counts).astype(np.int32),
        index=np.where(used, starts[:, None] + columns[None], 0).astype(np.int32),
        weights=used.astype(np.float32),
        places=np.flatnonzero(used).astype(np.int32),
    )


def proportional_ipc(ipc: int, counts: Sequence[int]) -> tuple[int, ...]:
    """Shares out as many images as ``ipc`` for each class would be, in proportion to the classes.

    Args:
      ipc: images per class on average, at least 1.
      counts: real images of each class or group.

    Returns:
      Images per class, each at least 1; their sum is ``ipc · len(counts)``. What whole shares leave
      over goes to the largest remainders.

    Raises:
      UserError: for an ``ipc`` below 1.

    Example:
      >>> proportional_ipc(10, [700, 299, 1])
      (20, 9, 1)
    """
    if ipc < 1:
        raise UserError(f"ipc must be at least 1, got {ipc}")
    counts, total = np.asarray(counts, np.float64), ipc * len(counts)
    few, quotas = np.zeros(len(counts), bool), np.zeros(len(counts))
    while (quotas < 1).any():  # who is due less than one gets one, of what is then left to share
        rest = counts / counts[~few].sum() * (total - few.sum())
        quotas = np.where(few, 1.0, rest)
        few |= quotas < 1
    shares = np.floor(quotas).astype(int)
    remainders = np.argsort(shares - quotas, kind="stable")
    shares[remainders[: total - shares.sum()]] += 1
    return tuple(shares.tolist())


def initial_images(
    key: PRNGKey, real: data.RealData, layout: Layout, *, init: str, net: nn.Module | None = None
) -> SyntheticSet:
    """The synthetic images before the first update.

    Args:
      key: PRNG key.
      real: the training images on the device.
      layout: where each class's images lie.
      init: ``noise`` (standard normal in normalised space); or distinct training images of each
        class, which show real patients until they are optimised away, if ever: ``real`` (drawn at
        random), ``herding`` or ``kcenter`` (chosen, see ``select_rows``).
      net: whose features images are chosen by; ``None`` is by pixels.

    Returns:
      The synthetic set, float32 normalised. The label rows of a multi-label set are those of the
      images that it starts from; from noise, those of distinct real images of the group, which
      repeat where it has fewer.

    Raises:
      UserError: for another ``init``, or if a class has fewer images than it starts from.

    Example:
      >>> split = data.Split(np.zeros((2, 4, 4, 1), np.uint8), np.array([0, 1], np.int32))
      >>> mean, std = np.zeros(1, "f"), np.ones(1, "f")
      >>> real = data.real_data(split, num_classes=2, mean=mean, std=std)
      >>> key = jax.random.key(0)
      >>> initial_images(key, real, make_layout(1, 2), init="real").images.shape
      (2, 4, 4, 1)
    """
    if init not in INITS:
        raise unknown("init", init, INITS)
    if len(layout.index) != len(real.counts):
        raise UserError(f"ipc is for {len(layout.index)} classes, the set has {len(real.counts)}")
    labels = jnp.asarray(layout.labels)
    if init == "noise":
        if real.labels.ndim == 2:
            # A number that no group has: the rows must not share their randomness with pixels.
            rows_key = jax.random.fold_in(key, len(layout.index))
            labels = real.labels[layout.flat(_random_rows(rows_key, real, layout))]
        shape = (len(layout.labels), *real.images.shape[1:])
        return SyntheticSet(jax.random.normal(key, shape, real.mean.dtype), labels)
    wanted = np.bincount(layout.labels, minlength=len(layout.index))
    for label, (have, want) in enumerate(zip(np.asarray(real.counts), wanted, strict=True)):
        if have < want:
            raise UserError(
                f"class {label} has {have} training images, too few to start {want} synthetic "
                f"ones from; use ipc of at most {have} for it or, to distil, init=noise"
            )
    if init in SELECTIONS:
        rows = select_rows(key, real, wanted.tolist(), selection=init, net=net)
        return SyntheticSet(data.take(real, rows), real.labels[rows])
    rows = _random_rows(key, real, layout)
    images = jax.lax.map(lambda some: data.take(real, some), rows)
    return SyntheticSet(layout.flat(images), real.labels[layout.flat(rows)])


def _random_rows(key: PRNGKey, real: data.RealData, layout: Layout) -> Array:
    """int32 ``[C, max_ipc]``: distinct rows of each class, repeated where it has fewer."""
    ipc = layout.index.shape[1]

    def draw(label):
        class_key = jax.random.fold_in(key, label)
        rows, _ = data.sample_rows(class_key, real, label, batch=ipc)
        have = jnp.minimum(real.counts[label], len(rows))
        return rows[jnp.arange(ipc, dtype=jnp.int32) % have]

    return jax.lax.map(draw, jnp.arange(len(layout.index), dtype=jnp.int32))
