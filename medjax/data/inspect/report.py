"""``describe``: what a data set holds, and what is wrong with it."""

import collections
from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np

from medjax.data.dataset import DatasetInfo, Split
from medjax.data.inspect import measuring
from medjax.data.inspect.checking import check, listed
from medjax.data.inspect.duplicates import HASH_BITS, near_pairs
from medjax.data.inspect.wording import NO_LABEL
from medjax.errors import UserError
from medjax.types import IGNORED

_LISTED_PAIRS = 1000
_IGNORED = "ignored labels"
_OF_IMAGES = ("raw", "files", "patients", "made")
"""Attributes of ``DatasetInfo`` with a value for each split or image."""


def describe(
    info: DatasetInfo, splits: Mapping[str, Split], *, near: int | None = None
) -> dict[str, Any]:
    """Describes a data set.

    Args:
      info: task, class names and provenance.
      splits: ``train``, ``test`` and perhaps ``val``, as from ``data.read``; sizes may differ.
      near: the most bits, of 256, in which the hashes of near-duplicates differ; None finds exact
        copies only.

    Returns:
      A description, ready for JSON: the facts of ``info``; ``splits`` by name with ``images``,
      ``sizes``, ``dtypes``, ``intensity`` and ``classes``, and for converted images ``native``, the
      same for the raw files without padding; ``left_out``, the skipped files; all of ``check``; and
      ``near_duplicates`` if ``near`` is given.

    Raises:
      UserError: if ``near`` is out of range.

    Example:
      >>> from medjax import data
      >>> found = describe(*data.read("phantom"))
      >>> found["splits"]["val"]["classes"]["nodules"], found["leakage"], found["warnings"]
      (100, False, [])
    """
    if near is not None and not 0 <= near < HASH_BITS // 2:
        raise UserError(f"near must be 0–{HASH_BITS // 2 - 1} bits, got {near}")
    facts = {name: value for name, value in vars(info).items() if name not in _OF_IMAGES}
    found = facts | {
        "classes": list(info.classes),
        "left_out": [{"name": name, "reason": reason} for name, reason in info.skipped],
        "splits": {name: _of_split(info, name, split) for name, split in splits.items()},
        **check(info, splits),
    }
    if near is not None:
        blank = {(split, row) for split, row, *_ in found["blank"]}
        found["near_duplicates"] = _near(info, splits, near, blank)
        found["warnings"] += _near_warnings(found["near_duplicates"]["pairs"])
    return found


def _of_split(info: DatasetInfo, name: str, split: Split) -> dict[str, Any]:
    tally = measuring.Tally()
    for image in split.images:
        tally.add(measuring.measure(image))
    found = tally.asdict() | {"classes": _class_counts(info.classes, split.labels)}
    return found | ({"native": info.raw[name]} if name in info.raw else {})


def _class_counts(classes: Sequence[str], labels: np.ndarray) -> dict[str, int]:
    """Counts the images of each class; for a multi-label set, with each label and with none.

    Those of which a label is ignored are counted too, if there are any.
    """
    if labels.ndim == 1:
        counts = np.bincount(labels, minlength=len(classes)).tolist()
        return dict(zip(classes, counts, strict=True))
    counts = dict(zip(classes, (labels == 1).sum(axis=0).tolist(), strict=True))
    counts[NO_LABEL] = int((labels == 0).all(axis=1).sum())
    ignored = int((labels == IGNORED).any(axis=1).sum())
    return counts | ({_IGNORED: ignored} if ignored else {})


def _near(
    info: DatasetInfo, splits: Mapping[str, Split], distance: int, blank: Set[tuple[str, int]]
) -> dict[str, Any]:
    """Describes the near-duplicates that are not blank."""
    pairs = near_pairs({name: split.images for name, split in splits.items()}, distance=distance)
    pairs = [pair for pair in pairs if not {pair.one, pair.other} & blank]
    counts = collections.Counter(f"{pair.one.split}–{pair.other.split}" for pair in pairs)
    return {
        "distance": distance,
        "bits": HASH_BITS,
        "pairs": dict(counts),
        "nearest": [
            [listed(info, x.one), listed(info, x.other), x.distance] for x in pairs[:_LISTED_PAIRS]
        ],
    }


def _near_warnings(pairs: Mapping[str, int]) -> list[str]:
    lines = []
    for pair, count in pairs.items():
        one, other = pair.split("–")
        if one != other:
            lines.append(f"perhaps leakage: {count:,} near-duplicate pairs in {pair}")
    return lines
