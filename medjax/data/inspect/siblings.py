"""Finds file names that differ only in a number, a side or an augmentation, as siblings' do."""

import collections
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medjax.data.inspect.duplicates import Place
from medjax.data.medmnist.registry import SPLITS

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
_SUFFIX = re.compile(r"(\.nii)?\.[a-z]\w{0,5}$", re.I)  # not the last number of a DICOM UID
_DATE = re.compile(r"(?:19|20)\d\d[01]\d[0-3]\d")
# Of siblings by a word; by a number alone, after an id with digits; and after one without.
_LEAST_GROUPS, _LEAST_COUNTED, _LEAST_NAMED = 3, 5, 10
_MOST_OF_A_COUNTER = 50


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
    the last number alone count only if there are many small ones.

    Args:
      files: names by split, with forward slashes; a file of several frames repeats its name.
      num_classes: number of classes.

    Returns:
      The files of each group of two or more, as the place of their first image, by what their names
      share; empty if the names show no such pattern.

    Example:
      >>> names = [f"sick/p{i:02}_{side}.png" for i in range(9) for side in ("left", "right")]
      >>> groups = sibling_groups({"train": names[:9], "test": names[9:]}, num_classes=2)
      >>> len(groups), groups["sick/p04"]
      (9, [Place(split='train', row=8), Place(split='test', row=0)])
      >>> sibling_groups({"train": [f"sick/scan_{i:02}.png" for i in range(99)]}, num_classes=2)
      {}
    """
    whole, keys = collections.defaultdict(list), {}
    for split, names in files.items():
        for row, name in enumerate(names):
            if row and name == names[row - 1]:
                continue  # another frame of the same file
            folder, words = _parts(name)
            whole[folder + "_".join(words)].append(Place(split, row))
            if (key := _key(words)) is not None:
                keys[Place(split, row)] = _Key(folder + key.name, key.told)
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


def _parts(name: str) -> tuple[str, list[str]]:
    """Returns the folder of a file below its split, with a slash, and the words of its name."""
    *folders, last = name.split("/")
    if folders and folders[0] in SPLITS:
        folders = folders[1:]
    stem = _SUFFIX.sub("", last)
    return "".join(f"{x}/" for x in folders), [x for x in re.split(r"[\W_]+", stem) if x]


def _key(words: Sequence[str]) -> _Key | None:
    """Returns the beginning that a name shares with its siblings, or None if it has no such end."""
    made = len(words) > 1 and bool(_MADE.fullmatch(words[0]))
    kept = list(words[made:])
    if kept and (attached := _ATTACHED.fullmatch(kept[-1])):
        kept = [*kept[:-1], *attached.groups()]
    count = len(kept)
    if kept and kept[-1].isdecimal():
        if len(kept) > 1 and _DATE.fullmatch(kept[-2]):
            return None  # a time of day
        kept = kept[:-1]
        while made and kept[-1].isdecimal() and re.search(r"\d", "".join(kept[:-1])):
            kept = kept[:-1]
    numbered = len(kept)
    # A single letter with a number that stands alone, as in Y100, is the id itself.
    while kept and _VARIED.fullmatch(kept[-1]) and (kept[1:] or kept[0][1:2].isalpha()):
        kept = kept[:-1]
    if len(kept) == count and not made:
        return None
    told = made or len(kept) < numbered
    return _Key("_".join(kept), told and bool(kept))


def _is_counter(groups: Mapping[str, Sequence[Place]], num_classes: int) -> bool:
    """Returns whether names that end in a number just count the images of a class or a site."""
    if not groups:
        return False
    numbered = any(re.search(r"\d", name) for name in groups)
    least = max(_LEAST_COUNTED if numbered else _LEAST_NAMED, 2 * num_classes + 1)
    middle = np.median([len(places) for places in groups.values()])
    return len(groups) < least or bool(middle > _MOST_OF_A_COUNTER)
