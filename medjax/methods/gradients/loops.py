"""The loop counts of DC and DSA: updates of the images, and epochs of training between them."""

from collections.abc import Sequence
from typing import NamedTuple


class Loops(NamedTuple):
    """The loop counts of one network.

    Attributes:
      outer: updates of the synthetic images.
      inner: epochs of training on the synthetic images between two updates.
    """

    outer: int
    inner: int


_REFERENCE = {
    1: Loops(1, 1),
    10: Loops(10, 50),
    20: Loops(20, 25),
    30: Loops(30, 20),
    40: Loops(40, 15),
    50: Loops(50, 10),
}


def loops_for(ipc: int | Sequence[int]) -> Loops:
    """Returns the loop counts for a number of images per class.

    The table of the reference covers 1, 10, 20, 30, 40 and 50. Every other number follows a rule
    of medjax that passes through or near the table: as many outer loops as images per class, at
    most 50, and about 500 epochs of training in total, at most 50 between two updates.

    Args:
      ipc: images per class, at least 1; a list counts as its rounded mean.

    Returns:
      The loop counts.

    Example:
      >>> loops_for(10), loops_for(5), loops_for(100)
      (Loops(outer=10, inner=50), Loops(outer=5, inner=50), Loops(outer=50, inner=10))

    Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021 (the table).
    """
    if not isinstance(ipc, int):
        ipc = round(sum(ipc) / len(ipc))
    if ipc in _REFERENCE:
        return _REFERENCE[ipc]
    outer = min(ipc, 50)
    return Loops(outer, min(50, round(500 / outer)))
