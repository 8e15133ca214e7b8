"""Lists the files of a table: each row is a file with its label, its patient and its split."""

import logging
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from medjax.data.pictures import decoding
from medjax.data.pictures.listing import columns, findings, labels, official_splits, tables
from medjax.data.pictures.listing.columns import Columns
from medjax.data.pictures.listing.entry import Entry, FolderOptions
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.listing.names import two
from medjax.data.pictures.listing.tables import Row, Table
from medjax.errors import UserError

_log = logging.getLogger("medjax")


class Listed(NamedTuple):
    """The files of a table.

    Attributes:
      entries: the files, in a split if the table gives official splits.
      patients: whether the table tells the patients.
      warnings: what may be wrong, one line each.
      findings: the names of the findings, if an image may have several; else none.
    """

    entries: list[Entry]
    patients: bool
    warnings: list[str]
    findings: tuple[str, ...]


def entries(folder: pathlib.Path, files: Sequence[str], options: FolderOptions) -> Listed:
    """Lists the files that a table names.

    Args:
      folder: the folder.
      files: all files below it, from ``walk``.
      options: the table and how it is read.

    Raises:
      UserError: if the table does not fit the folder.
    """
    table = tables.read(pathlib.Path(options.table).expanduser())
    index = FileIndex(folder, files, is_picture=decoding.is_picture)
    by_column = options.findings and not findings.is_separator(options.findings)
    chosen = columns.choose(table, options.columns, is_file=index.has, labelled=not by_column)
    labelled = _labels(table, chosen, options)
    rows = [row for row in table.rows if row.line in labelled.by_line]
    names, skipped = _files(folder, table, chosen, rows, index, skip=options.skip_missing)
    rows = [row for row in rows if row.line in names]
    splits, passed_over = official_splits.of_rows(table, chosen, rows, folds=options.folds)
    warnings = labelled.warnings + skipped + passed_over
    patients = _patients(table, chosen, rows)
    if not splits and (shared := columns.shared_values(table, chosen)):
        warnings.append(shared)
    found = [
        Entry(
            name=names[row.line],
            split=splits.get(row.line),
            label=labelled.by_line[row.line],
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
    return Listed(found, bool(patients), warnings, labelled.findings)


class _Labelled(NamedTuple):
    """The label of each row that has one, by line; warnings; and the names of findings, if any."""

    by_line: Mapping[int, str | tuple[int, ...]]
    warnings: list[str]
    findings: tuple[str, ...] = ()


def _labels(table: Table, chosen: Columns, options: FolderOptions) -> _Labelled:
    """Returns the class of each row, or its findings."""
    setting, warnings, places = options.findings, [], [chosen.label]
    if setting and not findings.is_separator(setting):
        places = findings.places(table, setting)
    if options.skip_unlabelled or not setting:  # an empty cell may say something of findings
        without = [row for row in table.rows if all(tables.is_empty(row.cells[x]) for x in places)]
        advice = "fill it in, or skip these rows with data.folder.skip_unlabelled=True"
        skip = options.skip_unlabelled
        warnings = _skipped(table, chosen, without, "no label", advice, skip=skip)
        absent = {row.line for row in without}
        table = table._replace(rows=tuple(row for row in table.rows if row.line not in absent))
    if not setting:
        return _classes(table, chosen.label, warnings)
    if findings.is_separator(setting):
        found = findings.of_words(table, *places, setting, uncertain=options.uncertain)
    else:
        found = findings.of_columns(table, places, uncertain=options.uncertain)
    labelled = zip(table.rows, found.rows.tolist(), strict=True)
    return _Labelled({row.line: tuple(label) for row, label in labelled}, warnings, found.names)


def _classes(table: Table, column: int, warnings: list[str]) -> _Labelled:
    """Returns the class of each row, and a further warning if it seems to be several findings."""
    found = {row.line: row.cells[column] for row in table.rows}
    if mark := labels.joiner(found.values()):
        example = next(label for label in found.values() if mark in label)
        joined = (
            f"{table.path}: labels such as {example} seem to join several findings, and each "
            f'combination is a class of its own; data.folder.findings="{mark}" reads the findings'
        )
        warnings = [*warnings, joined]
    return _Labelled(found, warnings)


def _files(
    folder: pathlib.Path,
    table: Table,
    chosen: Columns,
    rows: Sequence[Row],
    index: FileIndex,
    *,
    skip: bool,
) -> tuple[dict[int, str], list[str]]:
    """Returns the file of each row that has one, by line, and warnings."""
    cells = [row.cells[chosen.file] for row in rows]
    if unnamed := [row for row in rows if tables.is_empty(row.cells[chosen.file])]:
        advice = "name one, or remove the row"
        raise tables.rows_error(table, unnamed, "no file name", named=chosen.file, advice=advice)
    fitting = index.find(cells)
    missing = [row for row, names in zip(rows, fitting, strict=True) if not names]
    if missing and len(missing) == len(rows):
        raise UserError(
            f"{table.path}: none of its {len(rows)} rows names a file of {folder}, the first in "
            f"line {rows[0].line}: {cells[0]}"
        )
    advice = f"put them into {folder}, or skip these rows with data.folder.skip_missing=True"
    warnings = _skipped(table, chosen, missing, "no file", advice, skip=skip)
    found, lines = {}, {}
    for row, names in zip(rows, fitting, strict=True):
        if names:
            name = found[row.line] = _checked(table, row, names, row.cells[chosen.file], index)
            if name in lines:
                raise UserError(
                    f"{table.path}, line {row.line}: {name} is listed twice, first in line "
                    f"{lines[name]}"
                )
            lines[name] = row.line
    return found, warnings


def _checked(table: Table, row: Row, names: Sequence[str], cell: str, index: FileIndex) -> str:
    """Returns the one file of a row."""
    where = f"{table.path}, line {row.line}"
    if len(names) > 1:
        raise UserError(f"{where}: {cell} may be {two(names)}: write which")
    if not index.is_picture(names[0]):
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
        advice = f"fill it in, or let each file be one with {chosen.setting('patient', '')}"
        raise tables.rows_error(table, without, "no patient", named=chosen.file, advice=advice)
    same = labels.unified(row.cells[column] for row in rows)
    return {row.line: same[row.cells[column]] for row in rows}


def _skipped(
    table: Table, chosen: Columns, rows: Sequence[Row], lack: str, advice: str, *, skip: bool
) -> list[str]:
    """Refuses rows that lack something, or returns a warning that they are skipped."""
    if rows and not (skip and len(rows) < len(table.rows)):
        raise tables.rows_error(table, rows, lack, named=chosen.file, advice=advice)
    return [f"{table.path}: skipped {len(rows)} of {len(table.rows)} rows, {lack}"] * bool(rows)
