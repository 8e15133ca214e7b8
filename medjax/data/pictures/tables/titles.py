"""Finds the lines above the header of a table: titles, and comments that start with ``#``."""

import csv
import io
import itertools
from collections.abc import Sequence

from medjax.data import class_names
from medjax.data.pictures import decoding

_MARKS = ",;\t"
_COMMENT = "#"
HINT = "sep="
"""How a first line starts that tells a spreadsheet program the delimiter."""
_LINES, _CHARACTERS = 50, 10_000  # that are looked at


def lines_above(text: str) -> int | None:
    """Returns how many lines stand above the header of a table; None if that is uncertain.

    A title is one filled cell above a header of several; a comment starts with ``#``. Uncertain are
    a comment of as many cells as the line below, and a first line of several cells that are fewer
    or more than those below, if the line below may be the header as well.

    Args:
      text: the text of the table.

    Example:
      >>> lines_above("Export of May\\nfile,label\\na.png,x\\n")
      1
    """
    lines = itertools.islice(io.StringIO(text, newline=""), _LINES)
    kept = [(place, line.strip(" \r\n")[:_CHARACTERS]) for place, line in enumerate(lines)]
    kept = [(place, line) for place, line in kept if line]
    kept = kept[1:] if kept and kept[0][1].startswith(HINT) else kept
    for number, (place, line) in enumerate(kept):
        above = [line for _, line in kept[:number]]
        below = kept[number + 1][1] if number + 1 < len(kept) else ""
        if line.startswith(_COMMENT):
            continue
        mark = max(_MARKS, key=lambda mark: len(_cells(line, mark)))
        cells, row = _cells(line, mark), _cells(below, mark)
        if len(_filled(cells)) < 2:
            listed = all(x.startswith(_COMMENT) for x in above) and _is_file(line)
            if above and listed:
                return place
        elif not above:
            if len(row) == len(cells):
                return 0
        elif all(x.startswith(_COMMENT) or _is_title(_cells(x, mark)) for x in above):
            return _header_at(cells, row, above, mark) and place
        elif number == 1 and _may_be_header(cells) and _told(cells, row):
            return None
    return 0


def _header_at(
    cells: Sequence[str], row: Sequence[str], above: Sequence[str], mark: str
) -> bool | None:
    """Returns whether cells are the header, with a row below and titles or comments above."""
    if not _may_be_header(cells) or not 2 <= len(_filled(row)) <= len(row) <= len(cells):
        return False
    alike = any(len(_filled(_cells(line, mark))) == len(_filled(cells)) for line in above)
    return None if alike and not _told(cells, row) else True


def _may_be_header(cells: Sequence[str]) -> bool:
    filled = [cell.casefold() for cell in _filled(cells)]
    return len(set(filled)) == len(filled) > 1 and not any(map(_is_value, filled))


def _told(cells: Sequence[str], row: Sequence[str]) -> bool:
    """Returns whether the cells of a row below show that cells are its header."""
    pairs = zip(cells, row, strict=False)
    values = [_is_value(there) for here, there in pairs if not _is_value(here)]
    return len(cells) == len(row) and any(values)


def _is_title(cells: Sequence[str]) -> bool:
    return len(_filled(cells)) == 1 and bool(cells[0])


def _is_value(cell: str) -> bool:
    """Returns whether a cell is a number or a file, which no column is called."""
    return class_names.number(cell) is not None or _is_file(cell)


def _is_file(cell: str) -> bool:
    return cell.lower().endswith(decoding.SUFFIXES)


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell for cell in cells if cell]


def _cells(line: str, mark: str) -> list[str]:
    cells = next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]
