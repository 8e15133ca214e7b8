"""Classes without an image: in a split, which cannot score them, or in a set of images."""

from collections.abc import Mapping, Sequence

import numpy as np

from medjax.errors import some

_LISTED = 10


def absent_lines(absent: Mapping[str, Sequence[str]]) -> list[str]:
    """Says which classes the scores say nothing about.

    Args:
      absent: the result of ``data.absent_classes``.

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


def unlearned_lines(
    labels: np.ndarray, real_labels: np.ndarray, classes: Sequence[str]
) -> list[str]:
    """Says which classes networks cannot learn, because a set has no image of them.

    Args:
      labels: the labels of the set: classes ``[n]``, or rows ``[n, L]`` in 0–1 of findings.
      real_labels: those of the training images.
      classes: the names of the classes in label order.

    Returns:
      One line, or none.

    Example:
      >>> unlearned_lines(np.array([0, 1]), np.array([0, 1, 2]), ["a", "b", "c"])
      ['the set has no image of c, so networks cannot learn it']
    """
    missing = _present(real_labels, len(classes)) & ~_present(labels, len(classes))
    if not missing.any():
        return []
    names = [classes[number] for number in np.flatnonzero(missing)]
    them = "it" if len(names) == 1 else "them"
    return [f"the set has no image of {some(names, most=_LISTED)}, so networks cannot learn {them}"]


def _present(labels: np.ndarray, count: int) -> np.ndarray:
    """Returns whether any image has each class, bool ``[count]``."""
    return (labels > 0).any(axis=0) if labels.ndim == 2 else np.isin(np.arange(count), labels)
