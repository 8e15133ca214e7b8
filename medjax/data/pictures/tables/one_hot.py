"""Classes that a table holds in a column each: the column of a row's class is 1, all others 0."""

import functools
from collections.abc import Sequence

from medjax.data import class_names
from medjax.data.pictures.tables.column_setting import without_brackets
from medjax.data.pictures.tables.table import Row, Table, is_empty, shown
from medjax.errors import UserError


def fits(table: Table, names: Sequence[str]) -> bool:
    """Returns whether each row is 1 in exactly one of some columns, and some rows in each.

    Args:
      table: the table.
      names: the columns.
    """
    places = [table.header.index(name) for name in names]
    ones = [_ones(row, places) for row in table.rows]
    return all(len(found) == 1 for found in ones) and len({x for y in ones for x in y}) > 1


def with_classes(table: Table, names: str) -> Table:
    """Returns a table with one more column, which is called ``names`` and holds the classes.

    A class is the name of the column that is 1 in a row; it is empty if no column is.

    Args:
      table: the table.
      names: names of columns between commas, in any case; brackets around all do not count. The
        table stays as it is if these are not several columns, or are the name of one.

    Raises:
      UserError: if a cell is no 0 or 1, or a row holds several 1.
    """
    places = _places(table, names)
    if len(places) < 2:
        return table
    rows = [row._replace(cells=(*row.cells, _class(table, row, places))) for row in table.rows]
    return table._replace(header=(*table.header, names), rows=tuple(rows))


def _places(table: Table, names: str) -> list[int]:
    plain = [name.casefold() for name in table.header]
    wanted = [name.strip().casefold() for name in without_brackets(names).split(",")]
    if names.casefold() in plain or not set(wanted) <= set(plain):
        return []
    return [plain.index(name) for name in wanted]


def _class(table: Table, row: Row, places: Sequence[int]) -> str:
    for place in places:
        cell = row.cells[place]
        if not is_empty(cell) and class_names.number(cell) not in (0, 1):
            raise UserError(
                f"{table.path}, {row.place}: {table.header[place]} is {shown(cell)!r}; a column "
                "for each class needs 1 in the column of the row's class, and 0 in all others"
            )
    ones = [table.header[place] for place in _ones(row, places)]
    if len(ones) > 1:
        raise UserError(
            f"{table.path}, {row.place}: {' and '.join(ones)} are 1 in one row, so they are no "
            'classes; data.folder.findings reads several findings of an image, as in "A,B"'
        )
    return "".join(ones)


def _ones(row: Row, places: Sequence[int]) -> list[int]:
    return [place for place in places if _is_one(row.cells[place])]


@functools.lru_cache(maxsize=4096)
def _is_one(cell: str) -> bool:
    return class_names.number(cell) == 1
