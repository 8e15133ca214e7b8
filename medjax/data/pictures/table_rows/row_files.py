"""Files of the rows of a table."""

import pathlib
from collections.abc import Collection, Sequence

from medjax.data.pictures import decoding
from medjax.data.pictures.listing import masks
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.listing.file_names import two
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table, is_empty, rows_error, shown, skipped
from medjax.errors import UserError


def of_rows(
    table: Table, chosen: Columns, rows: Sequence[Row], index: FileIndex, *, skip: bool
) -> tuple[dict[Row, str], list[str]]:
    """Finds the file of each row.

    Args:
      table: the table.
      chosen: its columns.
      rows: the rows that are read.
      index: the files of the folder.
      skip: whether rows without a file are skipped; else they are refused.

    Returns:
      The file of each row that has one, and warnings.

    Raises:
      UserError: for rows that name no file, or that may name several.
    """
    cells = [row.cells[chosen.file] for row in rows]
    if unnamed := [row for row in rows if is_empty(row.cells[chosen.file])]:
        advice = "name one, or remove the row"
        raise rows_error(table, unnamed, "no file name", named=chosen.file, advice=advice)
    fitting = index.find(cells)
    missing = [row for row, names in zip(rows, fitting, strict=True) if not names]
    if missing and len(missing) == len(rows):
        raise UserError(
            f"{table.path}: none of its {len(rows)} rows names a file of {index.folder}, the first "
            f"in {rows[0].place}: {shown(cells[0])}"
        )
    advice = f"put them into {index.folder}, or skip these rows with data.folder.skip_missing=True"
    how = {"named": chosen.file, "advice": advice, "skip": skip}
    warnings = skipped(table, missing, "no file", **how)
    if any(len(names) > 1 for names in fitting):
        passed_over = masks.find(index.names).files
        fitting = [[x for x in names if x not in passed_over] or names for names in fitting]
    return {
        row: _checked(table, row, names, row.cells[chosen.file], index)
        for row, names in zip(rows, fitting, strict=True)
        if names
    }, warnings


def unnamed(table: Table, chosen: Columns, index: FileIndex, named: Collection[str]) -> list[str]:
    """Returns a warning of the pictures that no row names, if there are any; masks do not count.

    No file is opened. A file whose content would have to tell counts if it has the suffix of one
    that a row names.

    Args:
      table: the table.
      chosen: its columns.
      index: the files of the folder.
      named: the files of the rows that are read; those of other rows do not count either.
    """
    suffixes = {pathlib.PurePath(name).suffix.lower() for name in named}

    def counts(name: str) -> bool:
        by_name = decoding.named_as_picture(name)
        return pathlib.PurePath(name).suffix.lower() in suffixes if by_name is None else by_name

    pictures = [name for name in index.names if counts(name)]
    left = set(pictures).difference(named)
    if left:
        fitting = index.find([row.cells[chosen.file] for row in table.rows])
        left.difference_update(masks.find(pictures).files, *fitting)
    what = f"{len(left)} of {len(pictures)} pictures are in no row of {table.path} and are skipped"
    return [f"{what}; the first is {name}" for name in sorted(left)[:1]]


def _checked(table: Table, row: Row, names: Sequence[str], cell: str, index: FileIndex) -> str:
    """Returns the one file of a row."""
    where = f"{table.path}, {row.place}"
    if len(names) > 1:
        raise UserError(f"{where}: {shown(cell)} may be {two(names)}: write which")
    if not index.is_picture(names[0]):
        if kind := decoding.object_kind(index.folder / names[0]):
            raise UserError(f"{where}: {names[0]} is no image: {kind}")
        raise UserError(
            f"{where}: {names[0]} has no suffix of an image; choose from: "
            f"{', '.join(decoding.SUFFIXES)}"
        )
    return names[0]
