"""Columns of a table that may tell its patients, though no setting and no name says so."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from medjax.data.pictures.listing.patients import in_several
from medjax.data.pictures.tables import column_guesses
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table, is_empty

_log = logging.getLogger("medjax")


def with_patients(table: Table, columns: Columns, rows: Sequence[Row]) -> Columns:
    """Returns the columns of a table with official splits, with that of the patients.

    These splits stay as they are, so that a column by the name of patients can be taken without
    being asked for: it only tells how many there are, and which are in two splits.

    Args:
      table: the table.
      columns: its columns.
      rows: the rows that are read.
    """
    if _known(columns):
        return columns
    for place, name in _named(table, columns):
        if column_guesses.are_patients(name) or column_guesses.are_persons(name):
            values = _by_file(columns, rows, place)
            if values and (column_guesses.are_patients(name) or _repeat(values)):
                _log.info("data: %s: its column %s gives the patients", table.path, name)
                return columns._replace(patient=place)
    return columns


def question(
    table: Table, columns: Columns, rows: Sequence[Row], splits: Mapping[Row, str]
) -> list[str]:
    """Returns a warning of a column that may be the patients of a table that names none.

    Its values are those of several files each, as the lesions of photographs are. The likeliest
    column is named, and a study only if there is nothing better.

    Args:
      table: the table.
      columns: its columns.
      rows: the rows that are read.
      splits: the official splits by row; empty for a set that is cut.
    """
    if _known(columns):
        return []
    for place, name in _named(table, columns):
        if not _repeat(_by_file(columns, rows, place)) or _is_label(columns, rows, place):
            continue
        setting = columns.setting("patient", name)
        if not splits and column_guesses.are_units(name):
            return [
                f"{table.path}: images that share a {name} may be in several splits; {setting} "
                "keeps them together"
            ]
        if not splits:
            return [
                f"{table.path}: several images share a value of {name}; if they show one patient, "
                f"{setting} keeps them in one split"
            ]
        pairs = ((row.cells[place], split) for row, split in splits.items())
        found = in_several(pairs, f"value of {name}", f"values of {name}")
        if found:
            return [
                f"{table.path}: perhaps leakage: {found}; if images that share one show one "
                f"patient, {setting} counts patients"
            ]
    return []


def _known(columns: Columns) -> bool:
    return columns.patient is not None or "patient" in columns.given


def _named(table: Table, columns: Columns) -> Iterator[tuple[int, str]]:
    """Yields the columns whose names may be those of patients, the likeliest first."""
    used = {columns.file, columns.label, *columns.splits}
    ranks = {
        place: rank
        for place, name in enumerate(table.header)
        if place not in used and (rank := column_guesses.patient_rank(name)) is not None
    }
    yield from ((place, table.header[place]) for place in sorted(ranks, key=ranks.__getitem__))


def _by_file(columns: Columns, rows: Sequence[Row], place: int) -> dict[str, str]:
    """Returns the value of each file; none if one is empty or a file has two."""
    found: dict[str, str] = {}
    for row in rows:
        value = row.cells[place]
        if is_empty(value) or found.setdefault(row.cells[columns.file], value) != value:
            return {}
    return found


def _repeat(values: Mapping[str, str]) -> bool:
    return 1 < len(set(values.values())) < len(values)


def _is_label(columns: Columns, rows: Sequence[Row], place: int) -> bool:
    """Returns whether a column is another name of the labels."""
    if columns.label is None:
        return False
    pairs = {(row.cells[place], row.cells[columns.label]) for row in rows}
    return len(pairs) == len({x for x, _ in pairs}) == len({y for _, y in pairs})
