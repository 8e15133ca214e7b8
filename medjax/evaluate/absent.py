"""Classes that a split has no image of: the scores on the split say nothing about them."""

from collections.abc import Mapping, Sequence

import numpy as np

from medjax.data import Split
from medjax.errors import some

_LISTED = 10


def absent_classes(splits: Mapping[str, Split], classes: Sequence[str]) -> dict[str, list[str]]:
    """Finds the classes, or findings, that no image of a split has.

    Args:
      splits: the splits that networks are scored on, by name.
      classes: the names of the classes in label order.

    Returns:
      The names of such classes by split; splits that have all classes are left out.

    Example:
      >>> images = np.zeros((2, 4, 4, 1), np.uint8)
      >>> splits = {"val": Split(images, np.array([0, 1])), "test": Split(images, np.zeros(2, int))}
      >>> absent_classes(splits, ["benign", "malignant"])
      {'test': ['malignant']}
    """
    found = {}
    for name, split in splits.items():
        labels = np.asarray(split.labels)
        if labels.ndim == 2:
            present = (labels > 0).any(axis=0)
        else:
            present = np.bincount(labels, minlength=len(classes)) > 0
        found[name] = [classes[number] for number in np.flatnonzero(~present)]
    return {name: absent for name, absent in found.items() if absent}


def absent_lines(absent: Mapping[str, Sequence[str]]) -> list[str]:
    """Says which classes the scores say nothing about.

    Args:
      absent: the result of ``absent_classes``.

    Returns:
      A sentence for each list of classes; splits that lack the same classes share it.

    Example:
      >>> absent_lines({"val": ["3"], "test": ["3"]})
      ['There is no image of 3 in val and test, so the scores on them say nothing about it.']
    """
    lines = {}
    for split, classes in absent.items():
        lines.setdefault(tuple(classes), []).append(split)
    sentences = []
    for classes, splits in lines.items():
        names = some(classes, most=_LISTED)
        where, them = " and ".join(splits), "it" if len(classes) == 1 else "them"
        scores = "scores on them" if len(splits) > 1 else "scores on it"
        sentences.append(
            f"There is no image of {names} in {where}, so the {scores} say nothing about {them}."
        )
    return sentences
