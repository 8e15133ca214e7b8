"""Splits: the words that name them, and the cut of a set without, by class and by patient."""

import re
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from medjax.data.medmnist.registry import SPLITS
from medjax.errors import UserError

_WORDS = {
    "train": re.compile(r"train(ing)?([ _-]?set)?"),
    "val": re.compile(r"(val|valid|validate|validation|dev)([ _-]?set)?"),
    "test": re.compile(r"test(ing)?([ _-]?set)?"),
}


class CutOptions(NamedTuple):
    """How a set without splits is cut.

    Attributes:
      val: share of the images in val; 0 for none.
      test: share of the images in test.
      seed: seed of the order in which images or patients are assigned.
    """

    val: float = 0.1
    test: float = 0.2
    seed: int = 0


def split_named(word: str) -> str | None:
    """Returns the split that a word names in any case, or None if it names none.

    Example:
      >>> split_named(" Training"), split_named("VALID"), split_named("test"), split_named("3")
      ('train', 'val', 'test', None)
    """
    plain = word.strip().casefold()
    return next((name for name, words in _WORDS.items() if words.fullmatch(plain)), None)


def split(
    labels: Sequence[int] | Sequence[Sequence[int]],
    groups: Sequence[Hashable],
    *,
    val: float,
    test: float,
    seed: int,
) -> list[str]:
    """Returns ``train``, ``val`` or ``test`` for each image, by class and without cutting a group.

    Groups are assigned one after the other, large ones first and groups of one size in an order
    drawn from the seed. A group goes to the split that, with half of the group in it, still misses
    the largest part of the images that it should have of the group's classes. The classes of a
    multi-label set are its findings, and the images without any.

    Args:
      labels: class of each image; or its row of findings, in which 1 is one.
      groups: what stays together, such as the patient of each image.
      val: share of the images in val; 0 for no val.
      test: share of the images in test.
      seed: seed of the order; the same seed gives the same splits.

    Raises:
      UserError: if the shares leave nothing to train on, the groups are too few for them, or the
        seed is negative.

    Example:
      >>> split([0, 0, 0, 1, 1, 1], "abcdef", val=0, test=0.33, seed=0).count("test")
      2
    """
    shares = {"train": 1 - val - test, "val": val, "test": test}
    if not (0 <= val < 1 and 0 < test < 1 and shares["train"] > 0):
        raise UserError(
            f"val and test must be shares with something left to train on, got {val} and {test}"
        )
    if seed < 0:
        raise UserError(f"the seed of a cut must be at least 0, got {seed}")
    names = [name for name in SPLITS if shares[name] > 0]
    # The ids are sorted, so that the order in which files are listed decides nothing.
    ids, members = np.unique([str(group) for group in groups], return_inverse=True)
    if len(ids) < len(names):
        raise UserError(
            f"images or patients: {len(ids)}, too few for {', '.join(names)}: give more of them, "
            "or your own splits"
        )
    images, classes = _shown(np.asarray(labels))
    counts = np.zeros((len(ids), int(classes.max()) + 1))
    np.add.at(counts, (members[images], classes), 1)
    wanted = np.array([[shares[name]] for name in names]) * counts.sum(axis=0)
    wanted = np.maximum(wanted, 1e-9)
    order = np.random.default_rng(seed).permutation(len(ids))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    given, chosen = np.zeros_like(wanted), np.zeros(len(ids), int)
    for left, group in zip(range(len(order), 0, -1), order.tolist(), strict=True):
        own = counts[group]
        missing = 1 - (given + own / 2) / wanted
        best = (missing * own).sum(axis=1).argmax()
        if left <= len(names):  # no split stays empty
            empty = np.flatnonzero(~given.any(axis=1))
            best = empty[0] if left <= len(empty) else best
        given[best] += own
        chosen[group] = best
    return [names[place] for place in chosen[members]]


def _shown(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns pairs of an image and a class that it shows."""
    if labels.ndim == 1:
        return np.arange(len(labels)), labels
    shown = labels == 1
    return np.nonzero(np.column_stack([shown, ~shown.any(axis=1)]))
