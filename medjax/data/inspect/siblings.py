"""Finds files whose names tell that they are siblings: of one patient, or made from one image."""

import collections
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medjax.data.inspect import name_copies, name_ids
from medjax.data.inspect.duplicates import Place
from medjax.data.inspect.name_dates import Name, is_date, is_day, last, parts

_AUGMENTED = (
    r"aug(m|mented|mentation)?|rot(ate|ated|ation)?|[hv]?flip(ped|lr|ud)?|mirror(ed)?|nois[ey]|"
    r"blur(red)?|bright(er|ness)?|dark(er)?|contrast|gamma|crop(ped)?|zoom(ed)?|scaled?|"
    r"shift(ed)?|translated?|shear(ed)?|elastic|hue|saturation|jitter|equali[sz]ed|clahe|copy|"
    r"orig(inal)?"
)
_PARTS = (
    r"s|sl|slc|slice|z|t|fr|frame|v|view|im|img|image|part|patch|tile|roi|x|y|visit|study|series|"
    r"left|right|l|r|od|os|ap|pa|lat|lateral|frontal|cc|mlo|axial|sagittal|coronal|pre|post"
)
_MADE = re.compile(rf"({_AUGMENTED})\d*", re.I)
_VARIED = re.compile(rf"({_AUGMENTED}|{_PARTS})\d*", re.I)
_ATTACHED = re.compile(
    r"(.*\d)((?:slice|slc|sl|s|frame|fr|image|img|im|view|v|z|t|x|y)\d+|left|right|l|r|od|os)", re.I
)
# Of siblings by a word; by a number alone, after an id with digits; and after one without.
_LEAST_GROUPS, _LEAST_COUNTED, _LEAST_NAMED = 3, 5, 10
_MOST_OF_A_COUNTER = 50
_MOST_SHARED = 0.1  # of the names of a folder, by copies of some files


class _Key(NamedTuple):
    """What the names of siblings share, and whether a word tells that they are siblings."""

    name: str
    told: bool


def sibling_groups(
    files: Mapping[str, Sequence[str]], *, num_classes: int
) -> dict[str, list[Place]]:
    """Groups files whose names suggest one origin: a patient, a volume or an augmented image.

    Names are alike up to a last number (``patient1_2``), a side, slice or view (``p01_left``,
    ``p12_slice003``) or an augmentation (``IMG_001_rot90``, ``aug_Y100_0_2052``). A plain counter
    (``scan_00`` … ``scan_99``) also has a shared beginning, but one for a whole class; groups by
    the last number alone count only if there are many small ones. A date is no origin: in
    ``2023-01-01_0`` it counts as a number does.

    Other endings are found by how often they occur. The names also share an id that is no counter
    (``240891_2019-03-10``, or the same name in two classes), a whole name with a few words more
    (``scan1_thumb``), or all but the suffix (``scan1.png`` and ``scan1.jpg``).

    Siblings may lie in several folders, as the two eyes of a patient of whom one is sick. So only
    the last folders count that tell the files apart: none if the names alone do, the class if the
    names of each class start from 0 again, and the split too if those of each split do.

    Args:
      files: names by split, with forward slashes; a file of several frames repeats its name.
      num_classes: number of classes.

    Returns:
      The files of each group of two or more, as the place of their first image, by what their names
      share; empty if the names show no such pattern.

    Example:
      >>> names = [f"{c}/p{i:02}_{side}.png" for i in range(9) for c, side in ("al", "br")]
      >>> groups = sibling_groups({"train": names[:9], "test": names[9:]}, num_classes=2)
      >>> len(groups), groups["p04"]
      (9, [Place(split='train', row=8), Place(split='test', row=0)])
      >>> sibling_groups({"train": [f"sick/scan_{i:02}.png" for i in range(99)]}, num_classes=2)
      {}
    """
    paths = {
        Place(split, row): name
        for split, here in files.items()
        for row, name in enumerate(here)
        if not row or name != here[row - 1]  # else another frame of the same file
    }
    names = {place: parts(path) for place, path in paths.items()}
    depth = _depth(names.values())
    found = _by_endings(names, depth, num_classes)
    for more in (name_ids.groups(names, depth), name_copies.groups(names, depth, paths)):
        known = {place for places in found.values() for place in places}
        left = {key: [x for x in places if x not in known] for key, places in more.items()}
        found |= {key: places for key, places in left.items() if len(places) > 1}
    return found if len(found) >= _LEAST_GROUPS else {}


def cut_groups(groups: Mapping[str, Sequence[Place]]) -> dict[str, list[Place]]:
    """Returns the groups whose files are in more than one split.

    Example:
      >>> cut_groups({"p1": [Place("train", 0), Place("test", 0)], "p2": [Place("train", 1)] * 2})
      {'p1': [Place(split='train', row=0), Place(split='test', row=0)]}
    """
    return {
        name: list(places)
        for name, places in groups.items()
        if len({place.split for place in places}) > 1
    }


def _by_endings(
    names: Mapping[Place, Name], depth: int, num_classes: int
) -> dict[str, list[Place]]:
    """Groups files whose names have the same beginning, and an ending as those of siblings do."""
    whole, keys = collections.defaultdict(list), {}
    for place, (folders, words) in names.items():
        folder = "".join(f"{x}/" for x in last(folders, depth))
        whole[folder + "_".join(words)].append(place)
        key = _key(words)
        if key is not None and folder + key.name:
            keys[place] = _Key(folder + key.name, key.told)
    found: dict[str, list[Place]] = {}
    for told in (True, False):
        groups = collections.defaultdict(list)
        for place, key in keys.items():
            if key.told == told:
                groups[key.name].append(place)
        for name, places in groups.items():  # and the image that the others were made from
            alone = [x for x in whole.get(name, ()) if x not in keys or told > keys[x].told]
            places += [*alone, *found.get(name, ())]
        several = {name: places for name, places in groups.items() if len(places) > 1}
        if told or not _is_counter(several, num_classes):
            found |= several
    return found if len(found) >= _LEAST_GROUPS else {}


def _depth(names: Iterable[Name]) -> int:
    """Returns how many of the last folders it takes to tell files of different folders apart."""
    names = set(names)
    sizes = collections.Counter(name.folders for name in names)
    most = max(map(len, sizes), default=0)
    for depth in range(most):
        ends = {name: (last(name.folders, depth), *name[1:]) for name in names}
        counts = collections.Counter(ends.values())
        shared = collections.Counter(x.folders for x, end in ends.items() if counts[end] > 1)
        if all(count <= _MOST_SHARED * sizes[x] for x, count in shared.items()):
            return depth
    return most


def _key(words: Sequence[str]) -> _Key | None:
    """Returns the beginning that a name shares with its siblings, or None if it has no such end."""
    made = len(words) > 1 and bool(_MADE.fullmatch(words[0]))
    kept = list(words[made:])
    if kept and (attached := _ATTACHED.fullmatch(kept[-1])):
        kept = [*kept[:-1], *attached.groups()]
    count, told = len(kept), made
    while kept and is_date(kept[-1]):
        kept.pop()
    if kept and kept[-1].isdecimal():
        kept.pop()
        while made and kept and kept[-1].isdecimal() and _has_id(kept[:-1]):
            kept.pop()
    while kept and (is_day(kept[-1]) or _varies(kept)):
        told |= not is_day(kept.pop())
    if len(kept) == count and not made:
        return None
    # A day counts if a number follows, which is one of that day.
    kept = [x for x, y in itertools.pairwise([*kept, ""]) if not is_day(x) or _has_id([y])]
    return _Key("_".join(kept), told and bool(kept))


def _has_id(words: Sequence[str]) -> bool:
    return any(re.search(r"\d", word) for word in words if not is_day(word))


def _varies(words: Sequence[str]) -> bool:
    """Returns whether the last word is a side, a view, an augmentation or the like.

    A single letter with a number that stands alone, as in ``Y100``, is the id itself.
    """
    alone = len(words) == 1 and not words[0][1:2].isalpha()
    return not alone and _VARIED.fullmatch(words[-1]) is not None


def _is_counter(groups: Mapping[str, Sequence[Place]], num_classes: int) -> bool:
    """Returns whether names that end in a number just count the images of a class or a site."""
    if not groups:
        return False
    numbered = any(re.search(r"\d", name) for name in groups)
    least = max(_LEAST_COUNTED if numbered else _LEAST_NAMED, 2 * num_classes + 1)
    middle = np.median([len(places) for places in groups.values()])
    return len(groups) < least or bool(middle > _MOST_OF_A_COUNTER)
