"""Lists the files of a table: each row is a file with its label, its patient and its split."""

import logging
import pathlib
from collections.abc import Mapping, Sequence

from medjax.data.pictures import decoding
from medjax.data.pictures.listing import patients
from medjax.data.pictures.listing.entry import Entry, FolderOptions, Listing
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.table_rows import official_splits, patient_columns, row_files, row_labels
from medjax.data.pictures.tables import column_setting, columns, findings, one_hot, several
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table, is_empty, rows_error
from medjax.data.pictures.tables.text import WESTERN
from medjax.errors import UserError

_log = logging.getLogger("medjax")


def entries(folder: pathlib.Path, files: Sequence[str], options: FolderOptions) -> Listing:
    """Lists the files that a table names.

    Args:
      folder: the folder.
      files: all files below it, from ``walk``.
      options: the table and how it is read.

    Returns:
      The listing, whose entries are in a split if the table gives official splits.

    Raises:
      UserError: if the table does not fit the folder.
    """
    skip = options.skip_missing
    table, warnings = several.read(folder, options.table, named=options.columns, skip=skip)
    table = one_hot.with_classes(table, column_setting.parse(options.columns).get("label", ""))
    index = FileIndex(folder, files, is_picture=decoding.is_picture)
    by_column = options.findings and not findings.is_separator(options.findings)
    how = {"is_file": index.has, "labelled": not by_column, "grouped": bool(options.patients)}
    chosen = columns.choose(table, options.columns, **how)
    labelled = row_labels.of_rows(table, chosen, options)
    rows = [row for row in table.rows if row in labelled.by_row]
    names, skipped = row_files.of_rows(table, chosen, rows, index, skip=skip)
    rows = [row for row in rows if row in names]
    skipped += row_files.unnamed(table, chosen, index, {names[row] for row in rows})
    splits, passed_over = official_splits.of_rows(table, chosen, rows, folds=options.folds)
    if not options.patients:
        chosen, asked = _with_patients(table, chosen, rows, splits)
        warnings += asked
    told = _patients(table, chosen, rows)
    same = patients.spellings(told.values())
    warnings += labelled.warnings + skipped + passed_over + patients.spelled_alike(same)
    found = {
        row: Entry(
            name=names[row],
            split=splits.get(row),
            label=labelled.by_row[row],
            group=same[told[row]] if told else names[row],
        )
        for row in rows
    }
    once = _once(table, found, labelled.findings)
    known = f"{len(set(same.values()))} patients" if told else "no patients"
    _log.info("data: %s names %d files and %s", table.path, len(once), known)
    if table.encoding == WESTERN:
        warnings.append(
            f"{table.path} is not in UTF-8 and was read as Windows-1252: check the class names"
        )
    return Listing(once, bool(told), tuple(warnings), labelled.findings)


def _once(table: Table, found: Mapping[Row, Entry], findings: Sequence[str]) -> list[Entry]:
    """Returns the entry of each file; refuses rows of one file that contradict each other."""
    first: dict[str, Row] = {}
    for row, entry in found.items():
        other = first.setdefault(entry.name, row)
        if found[other] != entry:
            raise UserError(
                f"{table.path}, {row.place}: {entry.name} is listed twice, first in {other.place}: "
                f"{_contradiction(found[other], entry, findings)}"
            )
    if len(first) < len(found):
        _log.info(
            "data: %s: %d rows say again what another row says of the same file, and count once",
            *(table.path, len(found) - len(first)),
        )
    return [found[row] for row in first.values()]


def _contradiction(one: Entry, other: Entry, findings: Sequence[str]) -> str:
    """Says in what the entries of two rows differ."""
    names = (*(findings or ("label",)), "patient", "split")
    ours, theirs = (
        (*(entry.label if findings else (entry.label,)), entry.group, entry.split)
        for entry in (one, other)
    )
    name, there, here = next(x for x in zip(names, ours, theirs, strict=True) if x[1] != x[2])
    return f"its {name} is {here}, and was {there}"


def _with_patients(
    table: Table, chosen: Columns, rows: Sequence[Row], splits: Mapping[Row, str]
) -> tuple[Columns, list[str]]:
    """Returns the columns with that of the patients, or a warning of one that may be theirs."""
    if splits:
        chosen = patient_columns.with_patients(table, chosen, rows)
    columns.refuse_unnamed_patients(table, chosen)
    return chosen, patient_columns.question(table, chosen, rows, splits)


def _patients(table: Table, chosen: Columns, rows: Sequence[Row]) -> dict[Row, str]:
    """Returns the patient of each row as it is spelled; empty if the table tells none."""
    column = chosen.patient
    if column is None:
        return {}
    if without := [row for row in rows if is_empty(row.cells[column])]:
        advice = f"fill it in, or let each file be one with {chosen.setting('patient', '')}"
        raise rows_error(table, without, "no patient", named=chosen.file, advice=advice)
    return {row: row.cells[column] for row in rows}
