"""Reads a table: text of any usual delimiter and encoding, as lines of cells under a header."""

import codecs
import csv
import io
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from medjax.errors import UserError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
WESTERN = "cp1252"
_EMPTY = ("", "nan", "na", "n/a", "<na>", "#n/a", "null")  # as programs write a missing value
_MARKS = (  # the mark of UTF-32 starts with that of UTF-16
    *((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32")),
    *((codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16")),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZIP = b"PK\x03\x04"
_LOOKED_AT = 10_000  # bytes that tell UTF-16 without a mark, characters that tell the delimiter


class Row(NamedTuple):
    """A row of a table.

    Attributes:
      line: the line of the file on which the row starts, from 1.
      cells: the cells without spaces around them, one for each column of the header.
    """

    line: int
    cells: tuple[str, ...]


class Table(NamedTuple):
    """A table that was read.

    Attributes:
      path: the file.
      header: names of the columns as the file writes them; some may be empty or equal.
      rows: the rows below the header that are not empty.
      delimiter: what stands between two cells.
      encoding: the encoding of the file, as Python calls it.
    """

    path: pathlib.Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str
    encoding: str

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
    first = f"{rows[0].line}: {rows[0].cells[named]}".rstrip(": ")
    return UserError(
        f"{table.path}: {lack} in {len(rows)} of {len(table.rows)} rows, the first in line "
        f"{first}; {advice}"
    )


def read(path: pathlib.Path) -> Table:
    """Reads a table.

    Cells are separated by commas, semicolons or tabs, whichever the header has most of. The
    encoding is UTF-8, UTF-16 or UTF-32, or else Windows-1252. Lines without content are passed
    over. A header that lacks the name of its first column, as R writes it, gets an empty name.

    Args:
      path: the file.

    Returns:
      The table; it may have no rows.

    Raises:
      UserError: if the file is missing, is no text, or has more cells in a row than in its header.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the table {path}: {error.strerror}") from error
    text, encoding = _decode(path, content)
    delimiter = _delimiter(text)
    lines = _rows(path, text, delimiter)
    if lines and lines[0].cells[0].startswith("sep="):  # the hint of a spreadsheet program
        lines = lines[1:]
    if not lines:
        return Table(path, (), (), delimiter, encoding)
    header = tuple(" ".join(name.split()) for name in lines[0].cells)
    header, rows = _fitted(path, header, lines[1:], delimiter)
    return Table(path, header, rows, delimiter, encoding)


def _decode(path: pathlib.Path, content: bytes) -> tuple[str, str]:
    """Returns the text of a file and its encoding."""
    if content.startswith(_ZIP):
        raise UserError(
            f"cannot read the table {path}: it is a zip file, as spreadsheets are; save it as CSV"
        )
    for encoding in (_encoding(content), WESTERN):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise UserError(f"cannot read the table {path}: it is no text; save it as CSV in UTF-8")


def _encoding(content: bytes) -> str:
    """Returns the encoding that a mark at the start tells, or the zero bytes of UTF-16."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    start = content[:_LOOKED_AT]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if 2 * start[first::2].count(0) > len(start[first::2]):
            return encoding
    return "utf-8"


def _delimiter(text: str) -> str:
    """Returns the delimiter that gives the first line the most cells."""
    lines = io.StringIO(text, newline="")
    first = next((line for line in lines if line.strip()), "")[:_LOOKED_AT]
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark))))


def _rows(path: pathlib.Path, text: str, delimiter: str) -> list[Row]:
    # A quote that is never closed would swallow the rest of the table, if reading were not strict.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    found, start = [], 1
    try:
        for cells in reader:
            cells = tuple(cell.strip() for cell in cells)
            if any(cells):
                found.append(Row(start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"cannot read the table {path}, line {start}: {error}") from error
    return found


def _fitted(
    path: pathlib.Path, header: tuple[str, ...], rows: list[Row], delimiter: str
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Gives each row as many cells as the header has."""
    width = len(header)
    if rows and all(len(row.cells) == width + 1 and row.cells[-1] for row in rows):
        header, width = ("", *header), width + 1
    for row in rows:
        if any(row.cells[width:]):
            raise UserError(
                f"{path}, line {row.line}: {len(row.cells)} cells under a header of {width}; cells "
                f"are separated by {DELIMITERS[delimiter]}: put quotes around one that holds any"
            )
    return header, tuple(
        row if len(row.cells) == width else Row(row.line, (row.cells + ("",) * width)[:width])
        for row in rows
    )
