"""Findings of table cells: words in one column, or numbers in a column for each finding."""

import collections
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medjax.errors import UserError, unknown
from medjax.types import IGNORED

UNCERTAIN = ("zeros", "ones", "ignore")
"""What uncertain cells may become, as CheXpert names it."""

# What a cell says, besides 0 and 1, until it becomes a label.
_UNSURE, _EMPTY = -1, -2
_BECOMES = {
    "zeros": {_UNSURE: 0, _EMPTY: 0},
    "ones": {_UNSURE: 1, _EMPTY: 0},
    "ignore": {_UNSURE: IGNORED, _EMPTY: IGNORED},
}
_CELLS = {
    1: ("true", "t", "yes", "y", "positive", "present"),
    0: ("false", "f", "no", "n", "negative", "absent"),
    _UNSURE: ("uncertain", "unknown", "?"),
    _EMPTY: ("", "nan", "na", "n/a", "<na>", "null", "none"),
}
_MEANING = {word: value for value, words in _CELLS.items() for word in words}
_NUMBERS = {1.0: 1, 0.0: 0, -1.0: _UNSURE}
_NOTHING = ("no finding", "no findings", "none", "normal", "healthy")
_MISSING = ("nan", "n/a", "<na>", "null")
_SEPARATORS = "|;,/\\+&^~"
_AROUND = " \t\"'[]"  # as around the words of ``['Effusion', 'Mass']``


class Findings(NamedTuple):
    """The findings of images.

    Attributes:
      names: the findings, in the order of the labels.
      rows: int32 ``[n, L]``: 1 is a finding, 0 is none, and ``IGNORED`` is unknown.
    """

    names: tuple[str, ...]
    rows: np.ndarray


class Cells(NamedTuple):
    """Cells of a table, and where messages say that they stand.

    Attributes:
      table: the table's name.
      lines: the line of each row.
      columns: the cells of each column by its name, a cell for each row.
    """

    table: str
    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]


def is_separator(findings: str) -> bool:
    """Returns whether ``findings`` separates the words of a column, or else names columns.

    Example:
      >>> is_separator("|"), is_separator("edema, effusion")
      (True, False)
    """
    return bool(findings) and not any(letter.isalnum() for letter in findings)


def chosen_columns(findings: str, header: Sequence[str], *, table: str) -> list[str]:
    """Returns the columns of a header that ``findings`` names, in that order.

    Args:
      findings: names of columns between commas, in any case; brackets around them do not count.
      header: the columns of the table.
      table: the table's name in messages.

    Raises:
      UserError: for a column that the table does not have or has twice, or that is named twice.

    Example:
      >>> chosen_columns("edema, Effusion", ["file", "Effusion", "Edema"], table="table.csv")
      ['Edema', 'Effusion']
    """
    chosen: list[str] = []
    for name in (word.strip(_AROUND + "()") for word in findings.split(",")):
        same = [column for column in header if column.strip().casefold() == name.casefold()]
        if not same:
            raise unknown(f"finding of {table}", name, header)
        if len(same) > 1 or same[0] in chosen:
            where = "is a column twice" if len(same) > 1 else "is named twice"
            raise UserError(f"{table}: the finding {name} {where}; keep one")
        chosen += same
    return chosen


def of_columns(cells: Cells, *, uncertain: str = "") -> Findings:
    """Reads a column for each finding, as CheXpert and MIMIC-CXR have them.

    Cells are numbers (1, 0, -1 for uncertain; ``1.0`` and ``1,0`` too), words (yes or true, no or
    false, uncertain) in any case, or empty.

    Args:
      cells: the columns of the findings, in the order of the labels.
      uncertain: ``zeros``, ``ones`` or ``ignore``: what uncertain cells become. Empty cells, in
        which a finding is not mentioned, become 0 with ``zeros`` and ``ones``, and are ignored with
        ``ignore``. ``""`` refuses both.

    Raises:
      UserError: for a cell that is none of these, uncertain or empty cells without ``uncertain``,
        or an unknown ``uncertain``.

    Example:
      >>> columns = {"edema": ["1.0", "-1.0"], "effusion": ["0.0", "1.0"]}
      >>> of_columns(Cells("table.csv", [2, 3], columns), uncertain="ignore").rows.tolist()
      [[1, 0], [-1, 1]]

    Irvin et al., "CheXpert: A Large Chest Radiograph Dataset with Uncertainty Labels and Expert
    Comparison", AAAI 2019.
    """
    said = np.empty((len(cells.lines), len(cells.columns)), np.int32)
    for place, (name, column) in enumerate(cells.columns.items()):
        for row, cell in enumerate(column):
            value = _value(cell)
            if value is None:
                raise UserError(
                    f"{cells.table}, line {cells.lines[row]}: {name} is {cell.strip()!r}; needs 1, "
                    "0, -1 (uncertain) or an empty cell"
                )
            said[row, place] = value
    return Findings(tuple(cells.columns), _decided(said, cells, uncertain))


def of_words(cells: Cells, separator: str, *, uncertain: str = "") -> Findings:
    """Reads one column of words, as NIH ChestX-ray14 has it: ``Effusion|Mass``.

    The findings are the words in sorted order. "No Finding", "none", "normal" and "healthy" mean
    that there is none.

    Args:
      cells: the one column.
      separator: what stands between words; spaces around them do not count.
      uncertain: what an empty cell is: ``zeros`` and ``ones`` take it as no finding, and ``ignore``
        ignores all findings of its row. ``""`` refuses it.

    Raises:
      UserError: for findings beside a word that means none, words that differ in case only, another
        separator, empty cells without ``uncertain``, or an unknown ``uncertain``.

    Example:
      >>> column = {"label": ["Mass", "No Finding", "Effusion | Mass"]}
      >>> found = of_words(Cells("table.csv", [2, 3, 4], column), "|")
      >>> found.names, found.rows.tolist()
      (('Effusion', 'Mass'), [[0, 1], [0, 0], [1, 1]])
    """
    ((name, column),) = cells.columns.items()
    other = None if any(separator in cell for cell in column) else joining(column)
    if other:
        raise UserError(
            f"{cells.table}: no cell of {name} holds {separator!r}; {other!r} seems to stand "
            "between its findings"
        )
    listed = [_words(cell, separator) for cell in column]
    for row, words in enumerate(listed):
        none = [word for word in words if _plain(word) in _NOTHING]
        if none and len(none) < len(words):
            raise UserError(
                f"{cells.table}, line {cells.lines[row]}: {none[0]!r} stands beside other findings "
                f"in {column[row].strip()!r}"
            )
    names = sorted({word for words in listed for word in words if _plain(word) not in _NOTHING})
    _refuse_cases(names, cells.table)
    found = {name: place for place, name in enumerate(names)}
    said = np.zeros((len(listed), len(names)), np.int32)
    for row, words in enumerate(listed):
        said[row, [found[word] for word in words if word in found]] = 1
        if not words:
            said[row] = _EMPTY
    return Findings(tuple(names), _decided(said, cells, uncertain))


def joining(labels: Sequence[str]) -> str | None:
    """Returns the character that seems to join findings in class names, or None.

    It joins them if a part of one name is also another name, or a part of it.

    Example:
      >>> joining(["none", "effusion", "effusion|mass"]), joining(["and/or", "benign"])
      ('|', None)
    """
    for separator in _SEPARATORS:
        parts = [set(_words(name, separator)) for name in set(labels)]
        held = collections.Counter(part for of_name in parts for part in of_name)
        # A comma between digits may be that of a number.
        shared = {p for p in held if held[p] > 1 and not (separator == "," and p.isdecimal())}
        if any(len(of_name) > 1 and of_name & shared for of_name in parts):
            return separator
    return None


def _value(cell: str) -> int | None:
    """Returns what a cell says: 1, 0, ``_UNSURE`` or ``_EMPTY``; None for anything else."""
    text = cell.strip().casefold()
    if text in _MEANING:
        return _MEANING[text]
    try:
        return _NUMBERS.get(float(text.replace(",", ".")))
    except ValueError:
        return None


def _words(cell: str, separator: str) -> list[str]:
    missing = cell.strip(_AROUND).casefold() in _MISSING
    words = () if missing else (word.strip(_AROUND) for word in cell.split(separator))
    return [word for word in words if word]


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


def _refuse_cases(names: Sequence[str], table: str) -> None:
    """Refuses words that differ in case only."""
    spelled: dict[str, str] = {}
    for name in names:
        other = spelled.setdefault(name.casefold(), name)
        if other != name:
            raise UserError(f"{table}: the findings {other} and {name} differ in case; write one")


def _decided(said: np.ndarray, cells: Cells, uncertain: str) -> np.ndarray:
    """Returns labels, in which uncertain and empty cells are what ``uncertain`` says."""
    if uncertain not in ("", *UNCERTAIN):
        raise unknown("data.folder.uncertain", uncertain, UNCERTAIN)
    counted = said[:, : len(cells.columns)]  # a row of words is one cell
    counts = {
        "uncertain (-1)": int((counted == _UNSURE).sum()),
        "empty": int((counted == _EMPTY).sum()),
    }
    held = " and ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    if held and not uncertain:
        raise UserError(
            f"{cells.table} holds {held} cells in {', '.join(cells.columns)}: say what they are "
            "with data.folder.uncertain=zeros (0), ones (-1 is 1, empty is 0) or ignore (neither "
            "trained nor scored on)"
        )
    becomes = _BECOMES[uncertain or "ignore"]
    return np.where(
        said == _UNSURE, becomes[_UNSURE], np.where(said == _EMPTY, becomes[_EMPTY], said)
    ).astype(np.int32)
