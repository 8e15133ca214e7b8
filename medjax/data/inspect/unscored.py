"""Splits on which nothing can be scored, because no class or finding divides their images."""

import numpy as np

from medjax.data.dataset import DatasetInfo
from medjax.errors import some
from medjax.types import IGNORED

_LISTED = 5


def why_unscored(info: DatasetInfo, split: str, labels: np.ndarray) -> str:
    """Says why networks cannot be scored on a split, and what to do; empty if they can.

    Args:
      info: what the set is.
      split: the name of the split.
      labels: its classes ``[n]``, or rows ``[n, L]`` of 0, 1 and ``IGNORED``.

    Example:
      >>> from medjax import data
      >>> info = data.load("phantom").info
      >>> why_unscored(info, "val", np.array([1, 1])), why_unscored(info, "val", np.array([0, 1]))
      ('all its images have the same label', '')
    """
    rows = labels if labels.ndim == 2 else labels[:, None]
    known = [set(column[column != IGNORED].tolist()) for column in rows.T]
    if any(len(values) > 1 for values in known):
        return ""
    if labels.ndim == 1 or not (labels == IGNORED).any():
        return "all its images have the same label"
    lacks = [
        f"{value} of {some(names, most=_LISTED)}"
        for value in (0, 1)
        if (names := [x for x, held in zip(info.classes, known, strict=True) if value not in held])
    ]
    more = f"a larger data.cut.{split}" if info.cut else f"more images in {split}"
    return (
        "each finding needs an image that is known to have it and one that is known to lack it; "
        f"there is no known {' and no known '.join(lacks)}, as {int((labels == IGNORED).sum())} of "
        f"{labels.size} labels are ignored: {more} or another data.folder.uncertain may help"
    )
