"""Lists the files of a table: each row is a file with its label, its patient and its split."""

import logging
import pathlib
from collections.abc import Sequence

from medjax.data.pictures import columns, decoding, labels, official_splits, tables
from medjax.data.pictures.columns import Columns
from medjax.data.pictures.file_index import FileIndex, two
from medjax.data.pictures.listing import Entry, FolderOptions
from medjax.data.pictures.tables import Row, Table
from medjax.errors import UserError

_log = logging.getLogger("medjax")


def entries(
    folder: pathlib.Path, files: Sequence[str], options: FolderOptions
) -> tuple[list[Entry], bool, list[str]]:
    """Lists the files that a table names.

    Args:
      folder: the folder.
      files: all files below it, from ``file_index.walk``.
      options: the table and how it is read.

    Returns:
      The entries, in a split if the table gives official splits; whether it tells the patients; and
      warnings.

    Raises:
      UserError: if the table does not fit the folder.
    """
    table = tables.read(pathlib.Path(options.table).expanduser())
    index = FileIndex(folder, files, is_picture=decoding.is_picture)
    chosen = columns.choose(table, options.columns, is_file=index.has, labelled=True)
    classes, warnings = _labels(table, chosen, skip=options.skip_unlabelled)
    rows = [row for row in table.rows if row.line in classes]
    names = _files(folder, table, chosen, rows, index, skip=options.skip_missing)
    rows = [row for row in rows if row.line in names]
    splits = official_splits.of_rows(table, chosen, rows, folds=options.folds)
    patients = _patients(table, chosen, rows)
    found = [
        Entry(
            name=names[row.line],
            split=splits.get(row.line),
            label=classes[row.line],
            group=patients.get(row.line, names[row.line]),
        )
        for row in rows
    ]
    said = (
        f"{len(set(patients.values()))} patients" if patients else "no patients: each file is one"
    )
    _log.info("data: %s names %d files and %s", table.path, len(found), said)
    if table.encoding == tables.WESTERN:
        warnings.append(
            f"{table.path} is not in UTF-8 and was read as Windows-1252: check the class names"
        )
    return found, bool(patients), warnings


def _labels(table: Table, chosen: Columns, *, skip: bool) -> tuple[dict[int, str], list[str]]:
    """Returns the label of each row that has one, by line, and warnings."""
    column = chosen.label
    without = [row for row in table.rows if tables.is_empty(row.cells[column])]
    advice = "fill it in, or skip these rows with data.folder.skip_unlabelled=True"
    _refuse_or_log(table, chosen, without, "no label", advice, skip=skip)
    absent = {row.line for row in without}
    found = {row.line: row.cells[column] for row in table.rows if row.line not in absent}
    mark = labels.joiner(found.values())
    if not mark:
        return found, []
    example = next(label for label in found.values() if mark in label)
    return found, [
        f"{table.path}: labels such as {example} seem to join several findings, and each "
        f'combination is a class of its own; data.folder.findings="{mark}" reads the findings'
    ]


def _files(
    folder: pathlib.Path,
    table: Table,
    chosen: Columns,
    rows: Sequence[Row],
    index: FileIndex,
    *,
    skip: bool,
) -> dict[int, str]:
    """Returns the file of each row that has one, by line."""
    cells = [row.cells[chosen.file] for row in rows]
    if unnamed := [row for row in rows if tables.is_empty(row.cells[chosen.file])]:
        advice = "name one, or remove the row"
        raise tables.rows_error(table, unnamed, "no file name", named=chosen.file, advice=advice)
    fitting = index.find(cells)
    missing = [row for row, names in zip(rows, fitting, strict=True) if not names]
    if missing and len(missing) == len(rows):
        raise UserError(
            f"{table.path}: no file of its {len(rows)} rows is in {folder}, the first in line "
            f"{rows[0].line}: {cells[0]}"
        )
    advice = f"put them into {folder}, or skip these rows with data.folder.skip_missing=True"
    _refuse_or_log(table, chosen, missing, "no file", advice, skip=skip)
    found, lines = {}, {}
    for row, names in zip(rows, fitting, strict=True):
        if names:
            name = found[row.line] = _checked(folder, table, row, names, row.cells[chosen.file])
            if name in lines:
                raise UserError(
                    f"{table.path}, line {row.line}: {name} is listed twice, first in line "
                    f"{lines[name]}"
                )
            lines[name] = row.line
    return found


def _checked(folder: pathlib.Path, table: Table, row: Row, names: Sequence[str], cell: str) -> str:
    """Returns the one file of a row."""
    where = f"{table.path}, line {row.line}"
    if len(names) > 1:
        raise UserError(f"{where}: {cell} may be {two(names)}: write which")
    if not decoding.is_picture(folder / names[0]):
        raise UserError(
            f"{where}: {names[0]} has no suffix of an image; choose from: "
            f"{', '.join(decoding.SUFFIXES)}"
        )
    return names[0]


def _patients(table: Table, chosen: Columns, rows: Sequence[Row]) -> dict[int, str]:
    """Returns the patient of each row, by line; empty if the table tells none."""
    column = chosen.patient
    if column is None:
        return {}
    if without := [row for row in rows if tables.is_empty(row.cells[column])]:
        advice = 'fill it in, or let each file count as one with data.folder.columns="patient="'
        raise tables.rows_error(table, without, "no patient", named=chosen.file, advice=advice)
    same = labels.unified(row.cells[column] for row in rows)
    return {row.line: same[row.cells[column]] for row in rows}


def _refuse_or_log(
    table: Table, chosen: Columns, rows: Sequence[Row], lack: str, advice: str, *, skip: bool
) -> None:
    """Refuses rows that lack something, or says in the log that they are skipped."""
    if rows and not skip:
        raise tables.rows_error(table, rows, lack, named=chosen.file, advice=advice)
    if rows:
        _log.warning(
            "data: %s: skipped %d of %d rows: %s", table.path, len(rows), len(table.rows), lack
        )
