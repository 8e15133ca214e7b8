"""Findings of a table: words in one column, or numbers in a column for each finding."""

import collections
import functools
import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from medjax.data import class_names
from medjax.data.class_names import same_form
from medjax.data.pictures.tables.column_setting import without_brackets
from medjax.data.pictures.tables.table import Table, is_empty, shown
from medjax.errors import UserError, unknown
from medjax.types import IGNORED

_log = logging.getLogger("medjax")

# What a cell says, besides 0 and 1, until it becomes a label.
_UNSURE, _EMPTY = -1, -2
_KINDS = {_UNSURE: "uncertain (-1)", _EMPTY: "empty"}
_BECOMES = {
    "zeros": {_UNSURE: 0, _EMPTY: 0},
    "ones": {_UNSURE: 1, _EMPTY: 0},
    "ignore": {_UNSURE: IGNORED, _EMPTY: IGNORED},
}
_CELLS = {
    1: ("true", "t", "yes", "y", "positive", "present"),
    0: ("false", "f", "no", "n", "negative", "absent"),
    _UNSURE: ("uncertain", "unknown", "?"),
    _EMPTY: ("none",),
}
_MEANING = {word: value for value, words in _CELLS.items() for word in words}
_NUMBERS = {1: 1, 0: 0, -1: _UNSURE}
_QUOTES = " \t\"'"  # what may stand around a name
_AROUND = f"{_QUOTES}[]"  # what may stand around the words of a list, as in ['effusion', 'mass']
_LISTS = ("|", ";")
_OTHER_JOINERS = (",", "+", "&", "/", "\\", "^", "~")  # these stand inside numbers and names too
_NOTHING = ("no finding", "no findings", "none", "normal", "healthy")


class Findings(NamedTuple):
    """The findings of the rows of a table.

    Attributes:
      names: the findings, in the order of the labels.
      rows: int32 ``[n, L]``: 1 is a finding, 0 is none, and ``IGNORED`` is not known.
    """

    names: tuple[str, ...]
    rows: np.ndarray


def is_separator(findings: str) -> bool:
    """Returns whether ``findings`` separates the words of a column, or else names columns.

    Example:
      >>> is_separator("|"), is_separator("edema, effusion")
      (True, False)
    """
    return bool(findings) and not any(letter.isalnum() for letter in findings)


def places(table: Table, findings: str) -> list[int]:
    """Returns the places of the columns that ``findings`` names, in that order.

    Args:
      table: the table.
      findings: names of columns between commas, in any case; brackets around all do not count.

    Raises:
      UserError: for a column that the table does not have or has twice, or that is named twice.
    """
    found: list[int] = []
    for name in (word.strip(_QUOTES) for word in without_brackets(findings).split(",")):
        same = [x for x, column in enumerate(table.header) if column.casefold() == name.casefold()]
        if not same:
            raise unknown(f"finding of {table.path}", name, filter(None, table.header))
        if len(same) > 1 or same[0] in found:
            where = "is a column twice" if len(same) > 1 else "is named twice"
            raise UserError(f"{table.path}: the finding {name} {where}; keep one")
        found += same
    return found


def of_columns(table: Table, columns: Sequence[int], *, uncertain: str = "") -> Findings:
    """Reads a column for each finding, as CheXpert and MIMIC-CXR have them.

    Cells are numbers (1, 0, -1 for uncertain; ``1.0`` and ``1,0`` too), words (yes or true, no or
    false, uncertain) in any case, or empty.

    Args:
      table: the table.
      columns: the places of the columns, in the order of the labels.
      uncertain: ``zeros``, ``ones`` or ``ignore``: what uncertain cells become. Empty cells, in
        which a finding is not mentioned, become 0 with ``zeros`` and ``ones``, and are ignored with
        ``ignore``. ``""`` refuses both.

    Raises:
      UserError: for a cell that is none of these, or uncertain or empty cells without
        ``uncertain``.

    Irvin et al., "CheXpert: A Large Chest Radiograph Dataset with Uncertainty Labels and Expert
    Comparison", AAAI 2019.
    """
    said = np.empty((len(table.rows), len(columns)), np.int32)
    for number, row in enumerate(table.rows):
        for place, column in enumerate(columns):
            value = _value(row.cells[column])
            if value is None:
                raise UserError(
                    f"{table.path}, {row.place}: {table.header[column]} is "
                    f"{shown(row.cells[column])!r}; needs 1, 0, -1 (uncertain) or an empty cell"
                )
            said[number, place] = value
    names = tuple(same_form(table.header[column]) for column in columns)
    return Findings(names, _decided(table, columns, said, uncertain))


def of_words(table: Table, column: int, separator: str, *, uncertain: str = "") -> Findings:
    """Reads one column of words, as NIH ChestX-ray14 has it: ``Effusion|Mass``.

    The findings are the words in sorted order. "No Finding", "none", "normal" and "healthy" mean
    that there is none.

    Args:
      table: the table.
      column: the place of the column.
      separator: what stands between words; spaces around them do not count.
      uncertain: what an empty cell is: ``zeros`` and ``ones`` take it as no finding, and ``ignore``
        ignores all findings of its row. ``""`` refuses it.

    Raises:
      UserError: for findings beside a word that means none, words that differ in case only, another
        separator, or empty cells without ``uncertain``.
    """
    cells = [row.cells[column] for row in table.rows]
    mark = "" if any(separator in cell for cell in cells) else joiner(cells)
    if mark:
        raise UserError(
            f"{table.path}: no cell of {table.header[column]} holds {separator!r}; {mark!r} seems "
            "to stand between its findings"
        )
    listed = [_words(cell, separator) for cell in cells]
    for row, cell, words in zip(table.rows, cells, listed, strict=True):
        none = [word for word in words if _plain(word) in _NOTHING]
        if none and len(none) < len(words):
            raise UserError(
                f"{table.path}, {row.place}: {none[0]!r} stands beside other findings in {cell!r}"
            )
    names = sorted({word for words in listed for word in words if _plain(word) not in _NOTHING})
    _refuse_cases(table, names)
    found = {name: place for place, name in enumerate(names)}
    said = np.zeros((len(listed), len(names)), np.int32)
    for row, words in enumerate(listed):
        said[row, [found[word] for word in words if word in found]] = 1
        if not words:
            said[row] = _EMPTY
    return Findings(tuple(names), _decided(table, [column], said, uncertain))


def joiner(labels: Iterable[str]) -> str:
    """Returns the sign that joins several findings in most of the labels that hold it, or nothing.

    A part is a finding if another label has it too, alone or joined to others. One part must be a
    finding if the sign is ``|`` or ``;``. Other signs stand inside names and numbers as well: all
    parts must be findings then, and none a number.

    Example:
      >>> joiner(["effusion", "mass", "effusion|mass"]), joiner(["1,5", "2,5"]), joiner(["a/b"])
      ('|', '', '')
    """
    labels = set(labels)
    for mark in (*_LISTS, *_OTHER_JOINERS):
        parts = [{part.strip(_AROUND) for part in label.split(mark)} - {""} for label in labels]
        counts = collections.Counter(part for found in parts for part in found)
        joined = [found for found in parts if len(found) > 1]
        shared = [{part for part in found if counts[part] > 1} for found in joined]
        if mark not in _LISTS:
            shared = [
                found if found == whole and set(map(class_names.number, found)) == {None} else set()
                for found, whole in zip(shared, joined, strict=True)
            ]
        if 2 * sum(map(bool, shared)) > len(joined):
            return mark
    return ""


def likely(table: Table) -> list[str]:
    """Returns the columns that seem to be findings: those of 1 and 0, perhaps uncertain or empty.

    Fewer than two are none.
    """
    found = []
    for column, name in enumerate(table.header):
        values = {_value(row.cells[column]) for row in table.rows}
        if _plain(name) not in ("", *_NOTHING) and None not in values and {0, 1} & values:
            found.append(name)
    return found if len(found) > 1 else []


def yes_or_no(cell: str) -> int | None:
    """Returns 1 for a cell that says yes, 0 for one that says no, and None for any other.

    Example:
      >>> yes_or_no("True"), yes_or_no("0.0"), yes_or_no("maybe")
      (1, 0, None)
    """
    value = _value(cell)
    return value if value in (0, 1) else None


@functools.lru_cache(maxsize=4096)  # tables hold few different cells of findings, many times
def _value(cell: str) -> int | None:
    """Returns what a cell says: 1, 0, ``_UNSURE`` or ``_EMPTY``; None for anything else."""
    if is_empty(cell):
        return _EMPTY
    number = class_names.number(cell)
    return _MEANING.get(cell.casefold()) if number is None else _NUMBERS.get(number)


def _words(cell: str, separator: str) -> list[str]:
    if is_empty(cell.strip(_AROUND)):
        return []
    words = (word.strip(_AROUND) for word in cell.split(separator))
    return [same_form(word) for word in words if word]


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


def _refuse_cases(table: Table, names: Sequence[str]) -> None:
    """Refuses words that differ in case only."""
    spelled: dict[str, str] = {}
    for name in names:
        other = spelled.setdefault(name.casefold(), name)
        if other != name:
            raise UserError(
                f"{table.path}: the findings {other} and {name} differ in case only; write one"
            )


def _decided(table: Table, columns: Sequence[int], said: np.ndarray, uncertain: str) -> np.ndarray:
    """Returns labels, in which uncertain and empty cells are what ``uncertain`` says."""
    cells = said[:, : len(columns)]  # one column of words says the same of all findings
    counts = {kind: int((cells == kind).sum()) for kind in _KINDS}
    held = " and ".join(f"{count} {_KINDS[kind]}" for kind, count in counts.items() if count)
    if not held:
        return said
    where = (
        f"{table.path} holds {held} cell{'s' * (sum(counts.values()) > 1)} in "
        f"{', '.join(table.header[x] for x in columns)}"
    )
    if not uncertain:
        skippable = (said == _EMPTY).all(axis=1).any()
        skip = "; data.folder.skip_unlabelled=True skips rows that are all empty"
        raise UserError(
            f"{where}: say what they are with data.folder.uncertain=zeros (0), ones (-1 is 1, "
            f"empty is 0) or ignore (neither trained nor scored on){skip * bool(skippable)}"
        )
    _log.info("data: %s, read as data.folder.uncertain=%s", where, uncertain)
    for kind, value in _BECOMES[uncertain].items():
        said = np.where(said == kind, value, said)
    return said.astype(np.int32)
