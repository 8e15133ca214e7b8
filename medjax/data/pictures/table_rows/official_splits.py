"""Official splits of the rows of a table, by a column of words or of folds, or by yes and no."""

import logging
from collections.abc import Mapping, Sequence

from medjax.data import class_names, splitting
from medjax.data.medmnist.registry import SPLITS
from medjax.data.pictures.tables import split_flags
from medjax.data.pictures.tables.column_setting import pairs
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import BY_NAME, Row, Table, is_empty, rows_error
from medjax.errors import UserError, unknown

_log = logging.getLogger("medjax")
_FOLDS = "data.folder.folds"
_SHOWN = 10  # values in a message


def of_rows(
    table: Table, columns: Columns, rows: Sequence[Row], *, folds: str
) -> tuple[dict[Row, str], list[str]]:
    """Returns the official splits of rows.

    Args:
      table: the table.
      columns: its columns.
      rows: the rows that are read.
      folds: which values are val and test, as in ``"val=3,test=4"``; all others are train.

    Returns:
      The split by row, empty if no column gives splits; and warnings of columns that might.

    Raises:
      UserError: if the columns hold other words, have empty cells, lack train or test, or
        contradict each other.
    """
    if folds:
        return _of_folds(table, columns, rows, folds), []
    warnings, flags = [], _flags(table, columns, rows)
    told = {"train", "test"} & set(flags.values())
    for column in columns.splits:
        values = _values(rows, column)
        words = {value: splitting.split_named(value) for value in values}
        if not all(words.values()):
            if column not in flags or not told:
                warnings.append(_passed_over(table, columns, column, values))
        elif words:
            return _checked(table, columns, rows, column, words), []
    if told:
        return _of_flags(table, columns, rows, flags), []
    for name in (table.header[place] for place in flags):
        warnings.append(
            f"{table.path}: its column {name} leaves no test and is not read; "
            f'{columns.setting("split", name)} with {_FOLDS}="test=1" tests on what it marks'
        )
    return {}, warnings + _unread(table, columns, rows)


def _of_folds(table: Table, columns: Columns, rows: Sequence[Row], folds: str) -> dict[Row, str]:
    """Returns the splits of rows whose column holds folds."""
    if not columns.splits:
        raise UserError(
            f"{table.path} has no column of splits for {_FOLDS}, it has {table.names}: name one "
            f"with {columns.setting('split', 'NAME')}"
        )
    given = pairs(folds, name=_FOLDS, example="val=3,test=4")
    same = class_names.unified(value for _, value in given)
    wanted: dict[str, str] = {}
    taken: dict[str, str] = {}
    for split, value in given:
        if split not in SPLITS[1:]:
            raise unknown(f"split in {_FOLDS}", split, SPLITS[1:])
        other = taken.setdefault(same[value], split)
        if other != split:
            raise UserError(f"{_FOLDS} takes {value} for {other} and {split}: keep one")
        wanted[value] = split
    for column in columns.splits:
        values = _values(rows, column)
        same = class_names.unified([*values, *wanted])
        named = {same[value]: split for value, split in wanted.items()}
        if named.keys() <= {same[value] for value in values}:
            words = {value: named.get(same[value], "train") for value in values}
            return _checked(table, columns, rows, column, words)
    name, values = table.header[columns.splits[0]], _values(rows, columns.splits[0])
    value = next(value for value in wanted if value not in values)
    raise unknown(f"value of the column {name}", value, values)


def _flags(table: Table, columns: Columns, rows: Sequence[Row]) -> dict[int, str]:
    """Returns the columns of yes and no that may tell the splits, and the split of each."""
    used = {columns.file, columns.label, columns.patient}
    others = [place for place in range(len(table.header)) if place not in used]
    places = columns.splits if "split" in columns.given else others
    return split_flags.columns(table, rows, places)


def _of_flags(
    table: Table, columns: Columns, rows: Sequence[Row], flags: Mapping[int, str]
) -> dict[Row, str]:
    """Returns the splits of rows whose columns say yes and no."""
    found = split_flags.of_rows(table, rows, flags)
    names = " and ".join(table.header[place] for place in flags)
    anew = f"{columns.setting('split', '')} cuts the set anew"
    if without := [row for row in rows if row not in found]:
        advice = f"fill {names}; {anew}"
        raise rows_error(table, without, "no split", named=columns.file, advice=advice)
    for split in ("train", "test"):
        if split not in found.values():
            raise UserError(f"{table.path}: {names} leaves no {split}; {anew}")
    _log.info("data: %s: %s gives the splits", table.path, names)
    return found


def _values(rows: Sequence[Row], column: int) -> tuple[str, ...]:
    """Returns the values of a column, each once and in order; empty cells hold none."""
    cells = {row.cells[column] for row in rows}
    return class_names.in_order(cell for cell in cells if not is_empty(cell))


def _checked(
    table: Table, columns: Columns, rows: Sequence[Row], column: int, words: Mapping[str, str]
) -> dict[Row, str]:
    """Returns the splits of rows by the words of a column."""
    name, anew = table.header[column], f"{columns.setting('split', '')} cuts the set anew"
    if without := [row for row in rows if row.cells[column] not in words]:
        advice = f"fill its column {name}; {anew}"
        raise rows_error(table, without, "no split", named=columns.file, advice=advice)
    for split in ("train", "test"):
        if split not in words.values():
            other = next((value for value, word in words.items() if word == "val"), "")
            tested = f'{_FOLDS}="test={other}" tests on {other}; ' * bool(other and split == "test")
            raise UserError(
                f"{table.path}: its column {name} leaves no {split}, it holds {', '.join(words)}; "
                f"{tested}{anew}"
            )
    _log.info("data: %s: its column %s gives the splits", table.path, name)
    return {row: words[row.cells[column]] for row in rows}


def _passed_over(table: Table, columns: Columns, column: int, values: Sequence[str]) -> str:
    """Returns a warning that a column of other words is not read; refuses one that must be."""
    values = class_names.in_order(set(class_names.unified(values).values()))
    name, shown = table.header[column], ", ".join(values[:_SHOWN])
    what = "the names of its tables are" if name == BY_NAME else f"its column {name} holds"
    holds = f"{table.path}: {what} {shown}{'…' * (len(values) > _SHOWN)}"
    how = f'say which are val and test, as in {_FOLDS}="{_example(values)}"; all others are train'
    words = [value for value in values if class_names.number(value) is None]
    meant = words and (name.casefold() == "split" or any(map(splitting.split_named, words)))
    if columns.given.get("split") or meant:
        anew = f"{columns.setting('split', '')} cuts the set anew"
        raise UserError(f"{holds}, not train, val and test alone: {how}; {anew}")
    return f"{holds}, not train, val and test, and gives no splits; {how}"


def _unread(table: Table, columns: Columns, rows: Sequence[Row]) -> list[str]:
    """Returns warnings of columns that hold splits, but are called something else."""
    used = {columns.file, columns.label, columns.patient, *columns.splits}
    others = [x for x in range(len(table.header)) if x not in used and "split" not in columns.given]
    return [
        f"{table.path}: its column {name} holds {', '.join(values)} and is not read; "
        f"{columns.setting('split', name)} takes it for the splits"
        for name, values in ((table.header[x], _values(rows, x)) for x in others)
        if {"train", "test"} <= set(map(splitting.split_named, values)) <= set(SPLITS)
    ]


def _example(values: Sequence[str]) -> str:
    """Returns an example of the setting, which guesses at the meaning of numbers alone."""
    known = {splitting.split_named(value): value for value in values}
    if any(class_names.number(value) is None for value in values):
        return ",".join(f"{split}={known.get(split, 'VALUE')}" for split in SPLITS[1:])
    left = [value for value in values if splitting.split_named(value) is None]
    chosen = {}
    for split in ("test", "val"):
        if split in known or len(left) > (split == "val" and "train" not in known):
            chosen[split] = known.get(split) or left.pop()
    return ",".join(f"{split}={chosen[split]}" for split in SPLITS if split in chosen)
