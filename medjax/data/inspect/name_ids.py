"""Finds the files that share an id by their names: the word that tells a name from most others."""

import collections
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medjax.data.inspect.duplicates import Place
from medjax.data.inspect.name_dates import Name, is_date, is_day, last
from medjax.data.patient_words import is_patient

_NUMBERED = re.compile(r"([^\W\d]*)(\d+)")
_LEAST_GROUPS = 3
# A word in more of the names is no id, but a side, a visit, a sequence or the like.
_MOST_FILES, _MOST_SHARE = 4, 0.15
_MOST_FOLDERS = 3  # of one id; a name in more is a fixed name, as that of an organ
_MOST_DENSE = 0.05  # of a range of numbers; more are counted
_TELLING = 3  # times as many files share an id as may by chance
_ANY = "@"


class _Member(NamedTuple):
    """A file, the parts of its name, and where its ids are among the words."""

    place: Place
    name: Name
    found: tuple[int, ...]

    def ids(self) -> tuple[str, ...]:
        return tuple(self.name.words[at].casefold() for at in self.found)


def groups(names: Mapping[Place, Name], depth: int) -> dict[str, list[Place]]:
    """Groups files by the ids in their names, whatever else the names hold.

    A word that many names hold is no id, and a date is none. Ids that count from a first number,
    as those of each class may, tell files only by what stands before them too, and files of one
    folder alone if names start again in each, or what follows names the folder. All others tell
    files anywhere: two folders hardly hold the same few of very many numbers.

    Args:
      names: the names by the place of the first image.
      depth: how many of the last folders it takes to tell files of different folders apart.

    Returns:
      The files of each group of two or more, by what they share.

    Example:
      >>> from medjax.data.inspect.name_dates import parts
      >>> files = [f"{c}/{i}{i * i}_{c}.png" for i in range(11, 20) for c in ("links", "rechts")]
      >>> found = groups({Place("train", row): parts(file) for row, file in enumerate(files)}, 0)
      >>> len(found), found["11121"]
      (9, [Place(split='train', row=0), Place(split='train', row=1)])
    """
    counts = collections.Counter(
        word for name in names.values() for word in {word.casefold() for word in name.words}
    )
    most = max(_MOST_FILES, _MOST_SHARE * len(names))
    by_form = collections.defaultdict(list)
    for place, name in names.items():
        found = (
            at
            for at, word in enumerate(name.words)
            if counts[word.casefold()] <= most and not is_date(word)
        )
        if (member := _Member(place, name, tuple(found))).found:
            by_form[_form(member.ids())].append(member)
    result: dict[str, list[Place]] = {}
    for members in by_form.values():
        result |= _anywhere(members) or _counted(members, depth)
    return result


def _form(ids: Sequence[str]) -> tuple[str, ...]:
    """Returns what the ids of one kind have in common."""
    found = [_NUMBERED.fullmatch(word) for word in ids]
    words = [word if word.isalpha() and any(found) else _ANY for word in ids]
    return tuple(match[1] + "#" if match else x for match, x in zip(found, words, strict=True))


def _anywhere(members: Sequence[_Member]) -> dict[str, list[Place]]:
    """Returns the groups of files with the same ids, if these are no counters."""
    held = collections.defaultdict(list)
    for member in members:
        held["_".join(member.ids())].append(member)
    several = _several(held)
    if len(several) < _LEAST_GROUPS:
        return {}
    share = sum(map(len, several.values())) / len(members)
    folders = [len({x.name.folders for x in found}) for found in several.values()]
    density = _density([member.ids() for member in members])
    counted = density > min(_MOST_DENSE, share / _TELLING)
    if np.median(folders) > _MOST_FOLDERS or (counted and not _dated_patients(members)):
        return {}
    return {name: [x.place for x in found] for name, found in several.items()}


def _counted(members: Iterable[_Member], depth: int) -> dict[str, list[Place]]:
    """Returns the groups of files whose names are the same up to the id, and go on with words."""
    follows, where = {}, collections.defaultdict(set)
    for member in members:
        rest = member.name.words[member.found[-1] + 1 :]
        if any(is_date(word) or not word.isdecimal() for word in rest):
            follows[member] = " ".join("" if is_date(word) else word for word in rest)
            where[follows[member]].add(member.name.folders)
    held = collections.defaultdict(list)
    for member, rest in follows.items():
        (folders, words), end = member.name, member.found[-1] + 1
        kept = last(folders, depth) if len(where[rest]) > 1 else folders
        held["/".join((*kept, "_".join(words[:end])))].append(member)
    return {name: [x.place for x in found] for name, found in _several(held).items()}


def _several(held: Mapping[str, list[_Member]]) -> dict[str, list[_Member]]:
    return {key: found for key, found in held.items() if len({x.name for x in found}) > 1}


def _density(ids: Collection[tuple[str, ...]]) -> float:
    """Returns the share of the ids that occur among all in the range of their numbers."""
    size = 1
    for column in zip(*ids, strict=True):
        found = [_NUMBERED.fullmatch(word) for word in column]
        numbers = sorted({int(match[2]) for match in found if match})
        if not numbers and len(set(column)) > 1:
            return 0.0
        if numbers:
            step = math.gcd(*(x - numbers[0] for x in numbers)) or 1
            size *= (numbers[-1] - numbers[0]) // step + 1
    return len(set(ids)) / size


def _dated_patients(members: Collection[_Member]) -> bool:
    """Returns whether all names speak of patients, and all lie in the folder of a day."""
    return all(
        any(map(is_day, x.name.folders)) and any(map(is_patient, x.name.words)) for x in members
    )
