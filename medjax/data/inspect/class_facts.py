"""Describes by class how pictures were made, and asks whether that tells the classes."""

import collections
from collections.abc import Sequence
from typing import Any

import numpy as np

from medjax.data.inspect import shortcuts
from medjax.data.inspect.acquisition import FACTS

_PADDED = 0.01  # share of a picture
_LISTED_SIZES = 5


def describe_classes(
    made: np.ndarray, labels: np.ndarray, groups: np.ndarray, classes: Sequence[str]
) -> dict[str, Any]:
    """Describes how the pictures of each class were made, blank ones excluded.

    Args:
      made: ``[n, 8]`` from ``measure_pictures``.
      labels: class numbers ``[n]``, or zeros and ones ``[n, L]``; other entries are not known.
      groups: int ``[n]``, pictures of one patient or origin.
      classes: class names.

    Returns:
      A description, ready for JSON: ``classes`` by name with ``images``, the most frequent
      ``sizes``, the median ``aspect`` (width by height), the shares ``padded`` and ``coloured``,
      and the mean grey ``border`` and ``mean``; ``told`` and ``told_with_mean``, the results of
      ``shortcuts.tell_classes``; and ``one_sided``, the class that has nearly all padded or
      coloured pictures.

    Example:
      >>> made = np.array([[64, 32, 0.1, 0, 0.2, 0, 0.5, 0]] * 2)
      >>> found = describe_classes(made, np.arange(2), np.arange(2), ["a", "b"])
      >>> found["classes"]["a"]["sizes"], found["classes"]["a"]["padded"], found["told"]
      ({'64×32': 1}, 1.0, None)
    """
    shown = ~is_blank(made)
    made, labels, groups = made[shown], labels[shown], groups[shown]
    marks = labels if labels.ndim == 2 else np.eye(len(classes), dtype=int)[labels]
    named = dict(zip(FACTS, made.T, strict=True))
    traits = {"coloured": named["coloured"] > 0, "padded": named["padding"] > _PADDED}
    sided = {name: shortcuts.one_sided(here, marks, groups) for name, here in traits.items()}
    told = shortcuts.tell_classes(made, labels, groups, with_mean=False)
    with_mean = shortcuts.tell_classes(made, labels, groups, with_mean=True)
    return {
        "classes": {x: _of_class(made[marks[:, i] == 1]) for i, x in enumerate(classes)},
        "told": _named(told, classes),
        "told_with_mean": _named(with_mean, classes),
        "one_sided": {name: _named(x, classes) for name, x in sided.items() if x is not None},
    }


def is_blank(made: np.ndarray) -> np.ndarray:
    """Returns whether all pixels of each picture are the same, bool ``[n]``.

    Example:
      >>> is_blank(np.eye(8)[5:]).tolist()
      [False, False, True]
    """
    return made[:, FACTS.index("blank")] > 0


def _of_class(made: np.ndarray) -> dict[str, Any]:
    if not len(made):
        return {"images": 0}
    named = dict(zip(FACTS, made.T, strict=True))
    sizes = collections.Counter(f"{h:.0f}×{w:.0f}" for h, w in made[:, :2])
    means = {name: float(named[name].mean()) for name in ("coloured", "border", "mean")}
    return {
        "images": len(made),
        "sizes": dict(sizes.most_common(_LISTED_SIZES)),
        "other_sizes": max(len(sizes) - _LISTED_SIZES, 0),
        "aspect": float(np.median(named["width"] / named["height"])),
        "padded": float((named["padding"] > _PADDED).mean()),
        **means,
    }


def _named(
    found: shortcuts.Told | shortcuts.OneSided | None, classes: Sequence[str]
) -> dict[str, Any] | None:
    return None if found is None else {"class": classes[found.label], **found._asdict()}
