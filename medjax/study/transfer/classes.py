"""Classes that two data sets have in common, and the parts of the sets that show them."""

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medjax import data, store
from medjax.data.class_names import same_form
from medjax.errors import UserError, unknown
from medjax.types import BINARY_CLASS, MULTI_CLASS


class Matched(NamedTuple):
    """Classes that two sets have in common.

    Attributes:
      names: of the common classes, as the target names them.
      source: int ``[C]``, the common class of each class of the source; −1 for none.
      target: int ``[D]``, the same for the target.
    """

    names: tuple[str, ...]
    source: np.ndarray
    target: np.ndarray


def match_classes(
    source: Sequence[str], target: Sequence[str], pairs: Mapping[str, str]
) -> Matched:
    """Finds the common classes of two sets, and warns of classes without a partner.

    Args:
      source: names of the classes of the source, in label order.
      target: those of the target.
      pairs: the class of the target for classes of the source; several may have the same one.
        Without pairs, classes of equal names are partners, in any case.

    Returns:
      The common classes in the order of the target.

    Raises:
      UserError: for an unknown class, or fewer than two common ones.

    Warns:
      UserWarning: for each set with classes that have no partner and are dropped.

    Example:
      >>> pairs = {"bacterial": "pneumonia", "viral": "pneumonia", "normal": "normal"}
      >>> matched = match_classes(["bacterial", "normal", "viral"], ["normal", "pneumonia"], pairs)
      >>> matched.names, matched.source.tolist()
      (('normal', 'pneumonia'), [1, 0, 1])
    """
    if not pairs:
        pairs = {name: name for name in source if _find(name, target) is not None}
    for what, names, known in (("source", pairs, source), ("target", pairs.values(), target)):
        for name in names:
            if _find(name, known) is None:
                raise unknown(f"class of the {what}", name, known)
    partners = {_find(ours, source): _find(theirs, target) for ours, theirs in pairs.items()}
    reached = sorted(set(partners.values()))
    if len(reached) < 2:
        raise UserError(
            f"common classes of the sets: {len(reached)}, and two are needed: pair the classes of "
            f"the source ({', '.join(source)}) with those of the target ({', '.join(target)})"
        )
    numbers = {label: number for number, label in enumerate(reached)}
    matched = Matched(
        tuple(target[label] for label in reached),
        np.array([numbers.get(partners.get(label), -1) for label in range(len(source))]),
        np.array([numbers.get(label, -1) for label in range(len(target))]),
    )
    for what, names, found in (("source", source, matched[1]), ("target", target, matched[2])):
        dropped = [names[label] for label in np.flatnonzero(found < 0)]
        if dropped:
            warnings.warn(
                f"classes of the {what} without a partner are dropped: {', '.join(dropped)}",
                stacklevel=2,
            )
    return matched


def restricted(dataset: data.Dataset, numbers: np.ndarray, names: Sequence[str]) -> data.Dataset:
    """Returns a set with the images of some classes, which are numbered anew.

    Args:
      dataset: uint8 splits with one class for each image.
      numbers: int ``[C]``, the new number of each class; the images of −1 are dropped.
      names: the new classes in the order of their numbers.

    Returns:
      The set. Its moments are those of the images that are left in the training split, unless
      ``normalize(fixed)`` gave them.

    Raises:
      UserError: if a class has no image in the training split.
    """
    splits, kept = {}, {}
    for name, split in dataset.splits.items():
        labels = numbers[split.labels]
        kept[name] = np.flatnonzero(labels >= 0)
        labels = labels[kept[name]].astype(np.int32)
        splits[name] = data.Split(split.images[kept[name]], labels)
    counts = np.bincount(splits["train"].labels, minlength=len(names))
    if not counts.all():
        absent = names[int(np.argmin(counts))]
        raise UserError(f"{dataset.info.name} has no training image of {absent}")
    info, mean, std = dataset.info, dataset.mean, dataset.std
    if not dataset.has_fixed_moments:
        mean, std = data.channel_stats(splits["train"].images)
    info = dataclasses.replace(
        info,
        classes=tuple(names),
        task=BINARY_CLASS if len(names) == 2 else MULTI_CLASS,
        digest=store.key_of([info.digest, numbers.tolist()]),
        files={x: [part[i] for i in kept[x]] for x, part in info.files.items() if len(part)},
        patients={x: [part[i] for i in kept[x]] for x, part in info.patients.items() if len(part)},
        made={x: part[kept[x]] for x, part in info.made.items() if len(part)},
    )
    found = {"train": splits["train"], "val": splits.get("val"), "test": splits["test"]}
    return dataclasses.replace(dataset, info=info, **found, mean=mean, std=std)


def _find(name: str, names: Sequence[str]) -> int | None:
    """Returns the place of a name, or of the only one that differs in case alone."""
    if name in names:
        return list(names).index(name)
    like = [i for i, one in enumerate(names) if _key(one) == _key(name)]
    return like[0] if len(like) == 1 else None


def _key(name: str) -> str:
    return same_form(name).casefold()
