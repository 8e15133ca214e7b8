"""Reads a table: text of any usual delimiter, as lines of cells under a header."""

import csv
import io
import itertools
import pathlib

from medjax.data.pictures.tables import titles
from medjax.data.pictures.tables.table import Row, Table, shown
from medjax.data.pictures.tables.text import read_text
from medjax.errors import UserError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "spaces"}
_TOP = 10  # lines, among which a header may be
_LOOKED_AT = 10_000  # characters that tell the delimiter


def read(path: pathlib.Path, *, header: bool = True) -> Table:
    """Reads a table.

    Cells are separated by commas, semicolons or tabs, whichever the first line has most of, or by
    spaces if it has none of these. Lines without content are passed over, and so are titles and
    comments above the header. A header that lacks the name of its first column, as R writes it,
    gets an empty name.

    Args:
      path: the file.
      header: whether the first line names the columns; else their names are 1, 2, 3 and so on.

    Returns:
      The table; it may have no rows.

    Raises:
      UserError: if the file is missing, is no text, has more cells in a row than in its header, or
        starts with a line that may be the header or stand above it.
    """
    text, encoding = read_text(path)
    text, first, above = _without_titles(path, text)
    delimiter = _delimiter(text)
    lines = _rows(path, text, delimiter, first)
    if lines and lines[0].cells[0].startswith(titles.HINT):
        lines = lines[1:]
    if not lines:
        return Table(path, (), (), delimiter, encoding, above)
    if header:
        names = tuple(" ".join(name.split()) for name in lines[0].cells)
        names, rows = _fitted(path, names, lines[1:], delimiter)
    else:
        names = tuple(str(number + 1) for number in range(max(len(x.cells) for x in lines)))
        names, rows = _fitted(path, names, lines, delimiter)
    return Table(path, names, rows, delimiter, encoding, above)


def _without_titles(path: pathlib.Path, text: str) -> tuple[str, int, str]:
    """Returns a text without the lines above its header, its first line, and what is to be said."""
    count = titles.lines_above(text)
    lines = io.StringIO(text, newline="")
    if count is None:
        start = shown(next(line for line in lines if line.strip()).strip())
        raise UserError(
            f"{path}: its first line may be the header, or stand above it: {start}; remove the # "
            "of a header, or the lines above one"
        )
    above = [line.strip(" ,;\t\r\n") for line in itertools.islice(lines, count)]
    if not count:
        return text, 1, ""
    where = "line 1 is" if count == 1 else f"lines 1 to {count} are"
    start = shown(next(filter(None, above), ""))
    return lines.read(), count + 1, f"{path}: {where} above the header and not read: {start}"


def _delimiter(text: str) -> str:
    """Returns the delimiter that gives the first line the most cells; a space if no other does."""
    lines = io.StringIO(text, newline="")
    first = next((line for line in lines if line.strip()), "").strip(" \r\n")[:_LOOKED_AT]
    counts = {x: len(next(csv.reader([first], delimiter=x), [])) for x in DELIMITERS}
    spaces = counts.pop(" ") > 1 == max(counts.values())
    return " " if spaces else max(counts, key=lambda mark: counts[mark])


def _rows(path: pathlib.Path, text: str, delimiter: str, first: int) -> list[Row]:
    # A quote that is never closed would swallow the rest of the table, if reading were not strict.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    found, start = [], first
    try:
        for cells in reader:
            cells = tuple(cell.strip() for cell in cells)
            if any(cells):
                found.append(Row(start, cells))
            start = first + reader.line_num
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
            above = ", or remove what stands above the header" * (row.line < _TOP)
            raise UserError(
                f"{path}, line {row.line}: {len(row.cells)} cells under a header of {width}; cells "
                f"are separated by {DELIMITERS[delimiter]}: put quotes around one that holds any"
                f"{above}"
            )
    return header, tuple(
        row if len(row.cells) == width else Row(row.line, (row.cells + ("",) * width)[:width])
        for row in rows
    )
