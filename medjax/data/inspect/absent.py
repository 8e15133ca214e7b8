"""Classes that a split has no image of."""

from collections.abc import Mapping, Sequence

import numpy as np

from medjax.data.dataset import Split


def absent_classes(splits: Mapping[str, Split], classes: Sequence[str]) -> dict[str, list[str]]:
    """Finds the classes, or findings, that no image of a split has.

    Args:
      splits: the splits by name.
      classes: the names of the classes in label order.

    Returns:
      The names of such classes by split; splits that have all classes are not there.

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
            present = (labels == 1).any(axis=0)
        else:
            present = np.bincount(labels, minlength=len(classes)) > 0
        found[name] = [classes[number] for number in np.flatnonzero(~present)]
    return {name: absent for name, absent in found.items() if absent}


def absent_warning(split: str, classes: Sequence[str]) -> str:
    """Returns the warning of a data set about a split without images of some classes.

    Args:
      split: the name of the split.
      classes: the names of the classes.

    Returns:
      One line.

    Example:
      >>> absent_warning("test", ["malignant"])
      'test has no image of: malignant'
    """
    return f"{split} has no image of: {', '.join(classes)}"
