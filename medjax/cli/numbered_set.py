"""Reads the set to train on, whose labels count the classes of the run that made it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from medjax import data, share
from medjax.cli.described import Described
from medjax.data.class_names import plain, same_form
from medjax.errors import UserError, some

_LISTED = 10


def read(
    path: str, run: Described | None, dataset: data.Dataset, *, name: str
) -> tuple[share.ImageSet, list[str]]:
    """Reads a set, and says how its labels are understood if that is not certain.

    Args:
      path: the set.
      run: what its card, or the ``summary.json`` beside it, says of it.
      dataset: the data set on which networks are scored.
      name: what the data set is called in messages.

    Returns:
      The set, whose labels are those of the data set by the names of the classes; and sentences
      about them.

    Raises:
      UserError: if the run had other classes, or networks cannot train on the set.
    """
    ours, known = dataset.info.classes, run.classes(dataset) if run is not None else None
    if known is not None and set(known) != set(ours) and (_nameless(known) or _nameless(ours)):
        known = None
    places = _places(known or ours, ours)
    if places is None:
        listed = [some(x, most=_LISTED) for x in (known, ours)]
        raise UserError(
            f"{path} is of the classes {listed[0]} by {run.said_by}, but those of {name} are "
            f"{listed[1]}: rename these{run.elsewhere}"
        )
    multi_label = dataset.train.labels.ndim == 2
    images = share.read_set(path, classes=known or ours, multi_label=multi_label)
    said = [] if known is not None else [f"{path}: its labels are taken as {_numbered(ours)}"]
    if places != list(range(len(ours))):
        now = f"and become {_numbered(ours)}, as in {name}"
        said.append(f"{path}: its labels are {_numbered(known)}, {now}")
        images = images._replace(labels=_renumbered(images.labels, places))
    return images, said


def size_lines(
    size: int, dataset: data.Dataset, preparation: data.Preparation, *, name: str
) -> list[str]:
    """Says if the images of a data set have another size than the one that was asked for.

    Args:
      size: the side that was asked for.
      dataset: the data set, prepared.
      preparation: the steps of the set to train on.
      name: what the data set is called in messages.

    Example:
      >>> from medjax import data
      >>> size_lines(14, data.load("phantom"), data.Preparation(), name="phantom")
      ['the images are 28×28, not --size=14: phantom has them so']
    """
    sides = dataset.test.images.shape[1:3]
    if sides == (size, size):
        return []
    resized = any(step.name == "resize" for step in preparation.steps)
    reason = "the steps of the set resize them" if resized else f"{name} has them so"
    return [f"the images are {'×'.join(map(str, sides))}, not --size={size}: {reason}"]


def _places(known: Sequence[str], ours: Sequence[str]) -> list[int] | None:
    """Returns the label in the data set of each class that a run knew, if they are the same.

    Names that differ in case, spaces or the form of accents are the same, if no two of either are.
    """

    def write(text):
        return plain(same_form(text))

    if any(len(set(map(write, x))) < len(x) for x in (known, ours)):
        write = same_form
    found = {write(x): place for place, x in enumerate(ours)}
    if set(found) != set(map(write, known)):
        return None
    return [found[write(x)] for x in known]


def _nameless(classes: Sequence[str]) -> bool:
    """Returns whether the names of classes are their labels, as those of an npz are."""
    return list(classes) == [str(label) for label in range(len(classes))]


def _renumbered(labels: np.ndarray, places: Sequence[int]) -> np.ndarray:
    """Returns labels, or columns of label rows, in the order of the data set."""
    if labels.ndim == 1:
        return np.asarray(places, labels.dtype)[labels]
    return labels[:, np.argsort(places)]


def _numbered(classes: Sequence[Any]) -> str:
    """Returns ``0 = A, 1 = B``."""
    return some([f"{label} = {x}" for label, x in enumerate(classes)], most=_LISTED)
