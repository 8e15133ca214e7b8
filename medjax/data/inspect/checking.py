"""``check``: finds what is wrong with a data set, for its description and for a run."""

import collections
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax.data.dataset import DatasetInfo, Split
from medjax.data.inspect import class_facts, scanning, wording
from medjax.data.inspect.duplicates import Place, equal_groups
from medjax.data.inspect.siblings import cut_groups, sibling_groups

_LEAST_CUT, _LEAST_SHARE = 3, 0.05


def check(info: DatasetInfo, splits: Mapping[str, Split]) -> dict[str, Any]:
    """Looks for copies, blank images, siblings and shortcuts, and reads each image once.

    Args:
      info: task, class names and provenance.
      splits: ``train``, ``test`` and perhaps ``val``; images may be mapped from a disk, and sizes
        may differ.

    Returns:
      What was found, ready for JSON. A place is ``[split, row]``, with the name of the file if it
      is known. ``duplicates``: ``repeated`` images by split, ``shared`` ones by pair of splits, the
      places of each in ``groups``, and those whose labels contradict in ``label_conflicts``;
      ``blank``, the places of images of a single value, which are no duplicates; ``leakage``,
      whether an image is in two splits; ``siblings``, files in different splits whose names suggest
      one origin, or None; ``patients``, a sentence on their splits, perhaps empty; ``made``, see
      ``class_facts.describe_classes``, or None; and ``warnings``, one line each.

    Example:
      >>> from medjax import data
      >>> found = check(*data.read("phantom"))
      >>> found["leakage"], found["blank"], found["warnings"]
      (False, [], [])
    """
    scanned = {
        name: scanning.scan(split.images, measured=name not in info.made)
        for name, split in splits.items()
    }
    made = {name: info.made.get(name, here.made) for name, here in scanned.items()}
    blank = {
        name: here.blank | class_facts.is_blank(made[name]) if name in info.made else here.blank
        for name, here in scanned.items()
    }
    groups = equal_groups({name: found.digests for name, found in scanned.items()})
    copies = [places for places in groups if not all(blank[p.split][p.row] for p in places)]
    duplicates = _duplicates(info, copies, splits)
    origins = {} if info.patients else sibling_groups(info.files, num_classes=len(info.classes))
    found = {
        "duplicates": duplicates,
        "leakage": bool(duplicates["shared"]),
        "blank": [
            listed(info, Place(name, int(row)))
            for name, column in blank.items()
            for row in np.flatnonzero(column)
        ],
        "siblings": _siblings(info, origins),
        "patients": wording.patients(info),
        "made": _made(info, splits, made, origins),
    }
    return found | {"warnings": wording.warnings(info, splits, found)}


def listed(info: DatasetInfo, place: Place) -> list[Any]:
    """Returns a place for JSON, with the name of its file if that is known.

    Example:
      >>> from medjax import data
      >>> listed(data.load("phantom").info, Place("train", 3))
      ['train', 3]
    """
    names = info.files.get(place.split)
    return [*place, names[place.row]] if names else [*place]


def _duplicates(
    info: DatasetInfo, groups: Sequence[Sequence[Place]], splits: Mapping[str, Split]
) -> dict[str, Any]:
    """Counts copies within splits and across them, and copies whose labels differ."""
    repeated, shared, conflicts = dict.fromkeys(splits, 0), collections.Counter(), []
    named = [[listed(info, place) for place in places] for places in groups]
    for places, group in zip(groups, named, strict=True):
        held = collections.Counter(place.split for place in places)
        for name, count in held.items():
            repeated[name] += count - 1
        shared.update(f"{a}–{b}" for i, a in enumerate(held) for b in list(held)[i + 1 :])
        if _contradict(np.stack([splits[place.split].labels[place.row] for place in places])):
            conflicts.append(group)
    found = {"repeated": repeated, "shared": dict(shared), "groups": named}
    return found | {"label_conflicts": conflicts}


def _contradict(labels: np.ndarray) -> bool:
    """Returns whether classes ``[n]`` differ, or rows ``[n, L]`` give a label both 0 and 1."""
    if labels.ndim == 1:
        return len(set(labels.tolist())) > 1
    return bool(((labels == 0).any(axis=0) & (labels == 1).any(axis=0)).any())


def _siblings(info: DatasetInfo, origins: Mapping[str, Sequence[Place]]) -> dict[str, Any] | None:
    """Describes the groups of siblings that are cut, if they are many."""
    cut, total = cut_groups(origins), sum(len(set(names)) for names in info.files.values())
    count = sum(map(len, cut.values()))
    if len(cut) < _LEAST_CUT or count < _LEAST_SHARE * total:
        return None
    places = next(iter(cut.values()))
    pair = places[0], next(place for place in places if place.split != places[0].split)
    example = [listed(info, place) for place in pair]
    return {"groups": len(cut), "files": count, "of": total, "example": example}


def _made(
    info: DatasetInfo,
    splits: Mapping[str, Split],
    made: Mapping[str, np.ndarray | None],
    origins: Mapping[str, Sequence[Place]],
) -> dict[str, Any] | None:
    """Describes how pictures were made, over all splits."""
    if any(facts is None for facts in made.values()):
        return None
    return class_facts.describe_classes(
        np.concatenate([made[name] for name in splits]),
        np.concatenate([split.labels for split in splits.values()]),
        _groups(info, splits, origins),
        info.classes,
    )


def _groups(
    info: DatasetInfo, splits: Mapping[str, Split], origins: Mapping[str, Sequence[Place]]
) -> np.ndarray:
    """Numbers the images of all splits by patient, or else by sibling files or by file."""
    if info.patients:
        return np.concatenate([info.patients[name] for name in splits])
    key = {}
    for origin, places in origins.items():
        for split, row in places:
            key[info.files[split][row]] = origin
    names: list[str] = []
    for split, content in splits.items():
        files = info.files.get(split, [f"{split}/{row}" for row in range(len(content))])
        names += [key.get(file, file) for file in files]
    return np.unique(names, return_inverse=True)[1]
