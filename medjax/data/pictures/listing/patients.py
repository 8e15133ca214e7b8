"""Patients: those that paths name, one spelling for each, and those that are in two splits."""

import collections
import re
from collections.abc import Iterable, Mapping, Sequence

from medjax.data import class_names
from medjax.data.medmnist.registry import SPLITS
from medjax.data.pictures.listing.entry import Entry
from medjax.errors import UserError

_PARTS = re.compile(r"\d+|[^\W\d_]+|[\W_]+")  # numbers, letters, and what is between them


def of_paths(entries: Sequence[Entry], expression: str) -> list[Entry]:
    """Returns entries whose groups are the patients that their paths name.

    Args:
      entries: the entries.
      expression: searched in each path; its first group is the patient, or all that it matches if
        it has no group.

    Raises:
      UserError: for files in whose path it finds no patient.

    Example:
      >>> of_paths([Entry("CNV/CNV-81630-12.jpeg", None, "CNV", "")], r"-(\\d+)-")[0].group
      '81630'
    """
    pattern = re.compile(expression)
    found = [pattern.search(entry.name) for entry in entries]
    groups = [match and match[min(1, pattern.groups)] for match in found]
    if without := [entry.name for entry, group in zip(entries, groups, strict=True) if not group]:
        raise UserError(
            f"data.folder.patients={expression} finds no patient in {len(without)} of "
            f"{len(entries)} files, the first is {without[0]}"
        )
    return [entry._replace(group=group) for entry, group in zip(entries, groups, strict=True)]


def one_spelling(entries: Sequence[Entry]) -> tuple[list[Entry], list[str]]:
    """Returns entries in which each patient has one name, and a warning if some had several.

    Example:
      >>> found, _ = one_spelling([Entry("a", None, "x", group) for group in ("P7", "p7", "p8")])
      >>> [entry.group for entry in found]
      ['P7', 'P7', 'p8']
    """
    same = spellings(entry.group for entry in entries)
    return [entry._replace(group=same[entry.group]) for entry in entries], spelled_alike(same)


def spellings(names: Iterable[str]) -> dict[str, str]:
    """Returns the patient of each spelling: the first one, or a number without its zeros.

    Spellings of a patient differ in case, in zeros before a number, or in signs and spaces between
    a letter and a digit; those between two digits count, as in ``1-2`` and ``12``. Two patients
    that are taken for one stay in one split, which does no harm; one that is taken for two may be
    on both sides.

    Example:
      >>> spellings(["P-01", "p 1", "P1", "P1-2", "P12"])
      {'P-01': 'P-01', 'p 1': 'P-01', 'P1': 'P-01', 'P1-2': 'P1-2', 'P12': 'P12'}
    """
    first: dict[str, str] = {}
    same = class_names.unified(names)
    return {spelled: first.setdefault(_plain(name), name) for spelled, name in same.items()}


def spelled_alike(same: Mapping[str, str]) -> list[str]:
    """Returns a warning of the patients that have several spellings, if there are any.

    Args:
      same: the patient of each spelling, from ``spellings``.

    Example:
      >>> spelled_alike(spellings(["P-1", "p1", "p2"]))
      ['1 patient is spelled in several ways, as P-1 and p1, and is taken as one']
    """
    ways = collections.defaultdict(list)
    for spelled, name in same.items():
        ways[name].append(spelled)
    several = [spelled for spelled in ways.values() if len(spelled) > 1]
    if not several:
        return []
    one, other = several[0][:2]
    count, verb = len(several), "is" if len(several) == 1 else "are"
    taken = "is taken as one" if count == 1 else "each is taken as one"
    return [
        f"{count:,} patient{'s' * (count > 1)} {verb} spelled in several ways, as {one} and "
        f"{other}, and {taken}"
    ]


def shared_patients(entries: Iterable[Entry]) -> list[str]:
    """Returns a warning of the patients that have images in two splits, if there are any.

    Example:
      >>> shared_patients([Entry("a", "train", "x", "p1"), Entry("b", "test", "y", "p1")])
      ['leakage: 1 patient is in train and test']
    """
    found = in_several(((x.group, x.split) for x in entries), "patient", "patients")
    return [f"leakage: {found}"] if found else []


def in_several(pairs: Iterable[tuple[str, str]], one: str, many: str) -> str:
    """Returns how many values are in which splits, if they are in more than one.

    Args:
      pairs: values with their splits.
      one: what a value is called.
      many: what several values are called.

    Example:
      >>> in_several([("7", "train"), ("7", "test"), ("8", "test")], "case", "cases")
      '1 case is in train and test'
    """
    held = collections.defaultdict(set)
    for value, split in pairs:
        held[value].add(split)
    counts = collections.Counter(
        tuple(name for name in SPLITS if name in splits)
        for splits in held.values()
        if len(splits) > 1
    )
    return ", ".join(
        f"{count:,} {f'{one} is' if count == 1 else f'{many} are'} in {' and '.join(names)}"
        for names, count in sorted(counts.items())
    )


def _plain(name: str) -> str:
    """Returns a name without what may differ between spellings of a patient."""
    parts = _PARTS.findall(name.casefold())
    kept = [part.lstrip("0") or "0" if part.isdecimal() else part for part in parts]
    for place in range(1, len(parts) - 1):
        if not parts[place].isalnum():
            before, after = parts[place - 1], parts[place + 1]
            kept[place] = "-" if before.isdecimal() == after.isdecimal() else ""
    return "".join(kept)
