"""Labels of the rows of a table: a class each, or findings."""

from collections.abc import Mapping
from typing import NamedTuple

from medjax.data import class_names
from medjax.data.pictures.listing.entry import FolderOptions
from medjax.data.pictures.tables import findings, one_hot
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table, is_empty, shown, skipped


class Labelled(NamedTuple):
    """The labels of rows.

    Attributes:
      by_row: the label of each row that has one.
      warnings: what may be wrong, one line each.
      findings: the names of the findings, if an image may have several; else none.
    """

    by_row: Mapping[Row, str | tuple[int, ...]]
    warnings: list[str]
    findings: tuple[str, ...] = ()


def of_rows(table: Table, chosen: Columns, options: FolderOptions) -> Labelled:
    """Returns the class of each row, or its findings.

    Args:
      table: the table.
      chosen: its columns.
      options: how findings, and rows without a label, are read.

    Raises:
      UserError: for rows without a label, unless they are skipped; or findings of another form.
    """
    setting, warnings, places = options.findings, [], [chosen.label]
    if setting and not findings.is_separator(setting):
        places = findings.places(table, setting)
    if options.skip_unlabelled or not setting:  # an empty cell may say something of findings
        without = [row for row in table.rows if all(is_empty(row.cells[x]) for x in places)]
        advice = "fill it in, or skip these rows with data.folder.skip_unlabelled=True"
        how = {"named": chosen.file, "advice": advice, "skip": options.skip_unlabelled}
        warnings = skipped(table, without, "no label", **how)
        absent = set(without)
        table = table._replace(rows=tuple(row for row in table.rows if row not in absent))
    if not setting:
        return _classes(table, chosen.label, warnings)
    if findings.is_separator(setting):
        found = findings.of_words(table, *places, setting, uncertain=options.uncertain)
    else:
        found = findings.of_columns(table, places, uncertain=options.uncertain)
        names = [table.header[place] for place in places]
        if one_hot.fits(table, names):
            warnings.append(
                f"{table.path}: each row is 1 in exactly one of {', '.join(names)}; "
                f"{chosen.setting('label', ','.join(names))} reads them as classes"
            )
    labelled = zip(table.rows, found.rows.tolist(), strict=True)
    return Labelled({row: tuple(label) for row, label in labelled}, warnings, found.names)


def _classes(table: Table, column: int, warnings: list[str]) -> Labelled:
    """Returns the class of each row, and a further warning if it seems to be several findings."""
    same = class_names.unified(row.cells[column] for row in table.rows)
    if mark := findings.joiner(same):
        example = shown(next(label for label in same if mark in label))
        joined = (
            f"{table.path}: labels such as {example} seem to join several findings, and each "
            f'combination is a class of its own; data.folder.findings="{mark}" reads the findings'
        )
        warnings = [*warnings, joined]
    return Labelled({row: same[row.cells[column]] for row in table.rows}, warnings)
