"""A table: rows of cells under a header, and what messages say of them."""

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from medjax.errors import UserError

BY_NAME = "(table)"
"""The name of a column that holds, for each row, the word in its table's name that says a split."""
_EMPTY = ("", "nan", "na", "n/a", "<na>", "#n/a", "null")  # as programs write a missing value
_SHOWN = 80  # characters of a cell in a message


class Row(NamedTuple):
    """A row of a table.

    Attributes:
      line: the line of the file on which the row starts, from 1.
      cells: the cells without spaces around them, one for each column of the header.
      path: the file, if the table is made of several.
    """

    line: int
    cells: tuple[str, ...]
    path: pathlib.Path | None = None

    @property
    def place(self) -> str:
        """The line, for a message."""
        return f"line {self.line}" + (f" of {self.path}" if self.path else "")


class Table(NamedTuple):
    """A table that was read.

    Attributes:
      path: the file; of several files, their paths between commas.
      header: names of the columns as the file writes them; some may be empty or equal.
      rows: the rows below the header that are not empty.
      delimiter: what stands between two cells.
      encoding: the encoding of the file, as Python calls it.
      above: a line that tells the titles or comments above the header; empty without any.
    """

    path: pathlib.Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str
    encoding: str
    above: str = ""

    @property
    def names(self) -> str:
        """The names of the columns, for a message."""
        return ", ".join(name or "(no name)" for name in self.header) or "none"


def is_empty(cell: str) -> bool:
    """Returns whether a cell holds no value.

    Example:
      >>> is_empty(""), is_empty("NaN"), is_empty("none")
      (True, True, False)
    """
    return cell.lower() in _EMPTY


def rows_error(
    table: Table, rows: Sequence[Row], lack: str, *, named: int, advice: str
) -> UserError:
    """Returns the error for rows that lack something: how many, the first one, and what to do.

    Args:
      table: the table.
      rows: the rows at fault.
      lack: what they lack, as in ``"no label"``.
      named: the column that names a row.
      advice: what to do.
    """
    first = f"{rows[0].place}: {shown(rows[0].cells[named])}".rstrip(": ")
    return UserError(
        f"{table.path}: {lack} in {len(rows)} of {len(table.rows)} rows, the first in {first}; "
        f"{advice}"
    )


def skipped(
    table: Table, rows: Sequence[Row], lack: str, *, named: int, advice: str, skip: bool
) -> list[str]:
    """Returns a warning that rows are skipped which lack something; refuses them unless ``skip``.

    The other arguments are those of ``rows_error``.

    Raises:
      UserError: unless ``skip``, and if no row is left.
    """
    if rows and not (skip and len(rows) < len(table.rows)):
        raise rows_error(table, rows, lack, named=named, advice=advice)
    return [f"{table.path}: skipped {len(rows)} of {len(table.rows)} rows, {lack}"] * bool(rows)


def shown(cell: str) -> str:
    """Returns a cell for a message, cut if it is long.

    Example:
      >>> shown("a.png"), len(shown("a" * 1000))
      ('a.png', 81)
    """
    return cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…"
