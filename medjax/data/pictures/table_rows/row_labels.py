"""Labels of the rows of a table: a class each, or findings."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from medjax.data import class_names
from medjax.data.pictures.listing.entry import FolderOptions
from medjax.data.pictures.table_rows import absent_labels
from medjax.data.pictures.tables import finding_doubts, findings, one_hot
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table, is_empty, shown, skipped
from medjax.errors import UserError, some

_SAID = 5  # cells in a message


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
      UserError: for rows without a label, unless they are skipped; findings of another form; or
        fewer than two of them.
    """
    setting, warnings, places = options.findings, [], [chosen.label]
    if setting and not findings.is_separator(setting):
        places = findings.places(table, setting)
    if options.skip_unlabelled or not setting:  # an empty cell may say something of findings
        words = [] if setting else absent_labels.among(row.cells[places[0]] for row in table.rows)
        without = [
            row
            for row in table.rows
            if all(is_empty(row.cells[x]) or row.cells[x] in words for x in places)
        ]
        advice = ("fill it in", "skip these rows with data.folder.skip_unlabelled=True")
        how = {"named": chosen.file, "advice": advice, "skip": options.skip_unlabelled}
        lack = f"no label (such as {words[0]!r})" if words else "no label"
        warnings = skipped(table, without, lack, **how)
        absent = set(without)
        table = table._replace(rows=tuple(row for row in table.rows if row not in absent))
    if not setting:
        return _classes(table, chosen.label, warnings)
    if findings.is_separator(setting):
        found = findings.of_words(table, *places, setting, uncertain=options.uncertain)
        doubts = finding_doubts.doubtful(found, setting)
        warnings += [f"{table.path}: {line}" for line in doubts]
    else:
        found = findings.of_columns(table, places, uncertain=options.uncertain)
        names = [table.header[place] for place in places]
        if one_hot.fits(table, names):
            warnings.append(
                f"{table.path}: each row is 1 in exactly one of {', '.join(names)}; "
                f"{chosen.setting('label', ','.join(names))} reads them as classes"
            )
    if len(found.names) < 2:
        raise UserError(_too_few(table, chosen, places[0], found.names, options))
    labelled = zip(table.rows, found.rows.tolist(), strict=True)
    return Labelled({row: tuple(label) for row, label in labelled}, warnings, found.names)


def _too_few(
    table: Table, chosen: Columns, column: int, names: Sequence[str], options: FolderOptions
) -> str:
    """Says that a table holds one finding or none, and how its column is read as classes."""
    header = table.header[column]
    cells = class_names.unified(row.cells[column] for row in table.rows)
    if not names:
        said = some([shown(cell) or "nothing" for cell in cells], most=_SAID)
        return (
            f"{table.path} holds no finding in {header}, which says only {said}; needs two or more "
            f"findings: name another column with {chosen.setting('label', 'NAME')}"
        )
    few = f"{table.path} holds 1 finding, {names[0]}; needs two or more"
    if any(map(is_empty, cells)) or len(set(cells.values())) != 2:
        return f"{few}: {'add rows of' if column == chosen.label else 'name'} another one too"
    given = "data.folder.findings" + " and data.folder.uncertain" * bool(options.uncertain)
    if column != chosen.label:
        given = f"write {chosen.setting('label', header)} and leave out {given}"
        return f"{few}: {given}, which reads {header} as two classes"
    return f"{few}: leave out {given}, which reads {header} as two classes"


def _classes(table: Table, column: int, warnings: list[str]) -> Labelled:
    """Returns the class of each row, and a further warning if it seems to be several findings."""
    cells = [row.cells[column] for row in table.rows]
    same = class_names.unified(cells)
    doubts = absent_labels.doubtful(cells)
    warnings = [*warnings, *(f"{table.path}: {line}" for line in doubts)]
    if mark := findings.joiner(same):
        example = shown(next(label for label in same if mark in label))
        joined = (
            f"{table.path}: labels such as {example} seem to join several findings, and each "
            f'combination is a class of its own; data.folder.findings="{mark}" reads the findings'
        )
        warnings = [*warnings, joined]
    return Labelled({row: same[row.cells[column]] for row in table.rows}, warnings)
