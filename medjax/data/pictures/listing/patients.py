"""Patients: those that a regular expression finds in paths, and one spelling for each."""

import re
from collections.abc import Sequence

from medjax.data.pictures.listing import labels
from medjax.data.pictures.listing.entry import Entry
from medjax.errors import UserError


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


def one_spelling(entries: Sequence[Entry]) -> list[Entry]:
    """Returns entries in which each patient has one name, whatever its case or leading zeros.

    Two patients that are taken for one stay in one split, which does no harm; one that is taken for
    two may be on both sides.

    Example:
      >>> pairs = ("P7", "p7", "p8")
      >>> [e.group for e in one_spelling([Entry("a", None, "x", group) for group in pairs])]
      ['P7', 'P7', 'p8']
    """
    same = labels.unified(entry.group for entry in entries)
    first: dict[str, str] = {}
    names = [same[entry.group] for entry in entries]
    groups = [first.setdefault(name.casefold(), name) for name in names]
    return [entry._replace(group=group) for entry, group in zip(entries, groups, strict=True)]
