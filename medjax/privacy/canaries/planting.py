"""Canaries: planted images that are easy to trace, of which a coin decides which are included."""

from typing import NamedTuple

import numpy as np

from medjax.data import Split
from medjax.errors import UserError

KINDS = ("mislabelled", "rare", "duplicated")
_COPIES = 4
_MOST = 0.02
"""The greatest share of the data that canaries may be."""


class Canaries(NamedTuple):
    """Planted images.

    Attributes:
      split: the images and the labels that they have in the audit.
      kinds: int ``[n]``, the places of their kinds in ``KINDS``.
      included: bool ``[n]``, whether they are among the images distilled.
    """

    split: Split
    kinds: np.ndarray
    included: np.ndarray

    def added(self) -> Split:
        """Returns the images to distil besides the others; duplicated ones occur several times."""
        times = np.where(KINDS[-1] == np.array(KINDS)[self.kinds], _COPIES, 1)
        rows = np.repeat(np.arange(len(times)), np.where(self.included, times, 0))
        return Split(self.split.images[rows], self.split.labels[rows])


def plant(seed: int, others: Split, distances: np.ndarray, *, size: int) -> Canaries:
    """Makes canaries of images that are not distilled otherwise.

    A third has the label of another class, a third is the farthest from the mean of its class, and
    a third is included four times. Half of each kind is included, drawn at random; these are at
    most 2 % of the images.

    Args:
      seed: what is drawn is a function of it.
      others: the images to choose from, with labels ``[n]``.
      distances: float ``[n]``, from the mean of their class.
      size: how many images are distilled besides.

    Returns:
      The canaries.

    Raises:
      UserError: if 2 % of the images are too few for one canary of each kind.

    Example:
      >>> some = Split(np.zeros((99, 2, 2, 1), np.uint8), np.arange(99) % 3)
      >>> made = plant(0, some, np.arange(99.0), size=600)
      >>> len(made.kinds), int(made.included.sum()), len(made.added().labels)
      (12, 6, 12)
    """
    pairs = int(_MOST * size) // (len(KINDS) - 1 + _COPIES)  # one of a pair is included
    pairs = min(pairs, len(others) // (2 * len(KINDS)))
    if pairs < 1:
        raise UserError(
            f"canaries may be 2 % of {size} images, which is too few for one of each kind"
        )
    rng, each = np.random.default_rng([seed, 0xCA9A81]), 2 * pairs
    far = np.argsort(-distances, kind="stable")[:each]
    rest = rng.permutation(np.setdiff1d(np.arange(len(others)), far))[: 2 * each]
    rows = np.concatenate([rest[:each], far, rest[each:]])
    labels = np.array(others.labels[rows])
    classes = int(others.labels.max()) + 1
    labels[:each] = (labels[:each] + rng.integers(1, classes, each)) % classes
    included = [rng.permutation(each) < pairs for _ in KINDS]
    kinds = np.repeat(np.arange(len(KINDS)), each)
    return Canaries(Split(others.images[rows], labels), kinds, np.concatenate(included))
