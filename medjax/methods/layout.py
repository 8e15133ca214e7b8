"""The number of synthetic images of each class, and their order."""

import dataclasses
import operator
from collections.abc import Sequence

import numpy as np

from medjax.errors import UserError
from medjax.types import Array


@dataclasses.dataclass(frozen=True, eq=False)
class Layout:
    """The order of the synthetic images: class 0 first, then class 1, and so on.

    The classes of a multi-label set are groups, see ``data.group_indices``.

    Attributes:
      labels: int32 ``[n]``, the class or group of each image.
      index: int32 ``[C, max_ipc]``, the rows of each class, padded with row 0.
      weights: float32 ``[C, max_ipc]``, 1 for a row and 0 for padding.
      places: int32 ``[n]``, the place of each row in the flattened ``index``.
    """

    labels: np.ndarray
    index: np.ndarray
    weights: np.ndarray
    places: np.ndarray

    def per_class(self, images: Array) -> Array:
        """Groups rows by class: ``[n, …] -> [C, max_ipc, …]``."""
        return images[self.index]

    def flat(self, images: Array) -> Array:
        """Inverts ``per_class``: ``[C, max_ipc, …] -> [n, …]``."""
        return images.reshape(-1, *images.shape[2:])[self.places]


def make_layout(ipc: int | Sequence[int], num_classes: int) -> Layout:
    """Lays out the synthetic images.

    Args:
      ipc: images per class, one number for all classes or one for each; at least 1.
      num_classes: number of classes or groups.

    Returns:
      The layout.

    Raises:
      UserError: for a number below 1, or a list of another length than the classes.

    Example:
      >>> make_layout([1, 2], 2).labels.tolist()
      [0, 1, 1]
    """
    each = ipc if isinstance(ipc, Sequence | np.ndarray) else [ipc] * num_classes
    try:
        counts = [operator.index(x) for x in each]
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
    """Divides images among classes in proportion to their sizes, ``ipc`` on average.

    Args:
      ipc: images per class on average, at least 1.
      counts: real images of each class or group.

    Returns:
      Images per class, each at least 1; their sum is ``ipc · len(counts)``. The classes with the
      largest remainders get the images that remain after rounding down.

    Raises:
      UserError: for an ``ipc`` below 1.

    Example:
      >>> proportional_ipc(10, [700, 299, 1])
      (20, 9, 1)
    """
    if ipc < 1:
        raise UserError(f"ipc must be at least 1, got {ipc}")
    sizes, total = np.asarray(counts, np.float64), ipc * len(counts)
    few, quotas = np.zeros(len(sizes), bool), np.zeros(len(sizes))
    while (quotas < 1).any():  # such a class gets one image, and the others share the rest
        rest = sizes / sizes[~few].sum() * (total - few.sum())
        quotas = np.where(few, 1.0, rest)
        few |= quotas < 1
    shares = np.floor(quotas).astype(int)
    remainders = np.argsort(shares - quotas, kind="stable")
    shares[remainders[: total - shares.sum()]] += 1
    return tuple(shares.tolist())
