"""Reads the tables of a set: one after the other, or joined on the columns that they share."""

import pathlib
import re
from collections.abc import Sequence

from medjax import store
from medjax.data import splitting
from medjax.data.pictures.tables import column_guesses, column_setting, joining, reading
from medjax.data.pictures.tables.table import BY_NAME, Row, Table
from medjax.errors import UserError

_PACKED = ".gz"
_BETWEEN_WORDS = re.compile(  # as in train2019, trainLabels and trainval
    r"[\W_]+|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-z])(?=[A-Z])|"
    r"(?<=train)(?=val|dev)|(?<=Train)(?=val|dev)"
)


def read(folder: pathlib.Path, setting: str, *, named: str, skip: bool) -> tuple[Table, list[str]]:
    """Reads one table or several as one.

    The rows of tables with the same header follow one another. If their names say splits, as
    ``train.csv`` and ``valid.csv`` do, a last column ``table.BY_NAME`` holds that word, or all of
    a name that says none. Tables of other headers are joined to the first by ``joining.joined``. A
    list of files without a header is a table with a column of files.

    Args:
      folder: the folder of the set.
      setting: paths between commas, relative to the current folder or else to the set's.
      named: the names of columns, as ``column_setting.parse`` reads them; numbers where the first
        line of a table is a row already.
      skip: whether rows without a partner in a joined table are skipped; else they are refused.

    Returns:
      The table, and warnings.

    Raises:
      UserError: if a table cannot be read, or does not fit the others.
    """
    kinds: dict[tuple[str, ...], list[Table]] = {}
    warnings: list[str] = []
    paths = _paths(folder, setting)
    for path in paths:
        table = _one(path, named) if len(paths) == 1 else _one_of_several(path, named)
        warnings += [table.above] * bool(table.above)
        kinds.setdefault(tuple(sorted(map(str.casefold, table.header))), []).append(table)
    first, *others = [_stacked(same) for same in kinds.values()]
    if others and first.header and all(map(str.isdecimal, first.header)):
        raise UserError(
            f"{first.path} and {others[0].path} have no header and do not have as many columns"
        )
    for other in others:
        first, doubts = joining.joined(first, other, named=named, skip=skip)
        warnings += doubts
    return first, warnings


def _paths(folder: pathlib.Path, setting: str) -> list[pathlib.Path]:
    """Returns the paths of a setting; one with a comma in its name can stand alone."""
    whole = _found(folder, setting)
    if whole.exists():
        return [whole]
    bracketed = setting.startswith("(") and setting.endswith(")")
    names = [name.strip() for name in (setting[1:-1] if bracketed else setting).split(",")]
    return [_found(folder, name) for name in names if name] or [whole]


def _found(folder: pathlib.Path, name: str) -> pathlib.Path:
    path = store.expand_user(name)
    inside = folder / path
    return inside if inside.exists() and not path.exists() else path


def _one(path: pathlib.Path, named: str) -> Table:
    """Reads a table, without a header if the setting numbers its columns."""
    table = reading.read(path)
    numbers = [name for name in column_setting.parse(named).values() if name]
    if not numbers or not all(map(str.isdecimal, numbers)):
        return table
    row = any(map(column_guesses.names_file, table.header))
    named_so = not row and set(numbers) <= set(table.header)
    return table if named_so else reading.read(path, header=False)


def _one_of_several(path: pathlib.Path, named: str) -> Table:
    """Reads a table that has a header, or is numbered, or is a list of files."""
    table = _one(path, named)
    if len(table.header) == 1 and column_guesses.names_file(table.header[0]):
        name = column_setting.parse(named).get("file", "file")
        return reading.read(path, header=False)._replace(header=(name,))
    column_guesses.refuse_no_header(table)
    return table


def _stacked(same: Sequence[Table]) -> Table:
    """Returns tables of one header as one, whose rows know their table."""
    if len(same) == 1:
        return same[0]
    words = [_split_word(table.path) for table in same]
    header, added = same[0].header, [()] * len(same)
    if len(set(words)) > 1:
        header = (*header, BY_NAME)
        added = [(word or _name(x.path),) for x, word in zip(same, words, strict=True)]
    rows = tuple(
        Row(row.line, (*row.cells, *more), table.path)
        for table, more in zip(same, added, strict=True)
        for row in _in_order(table, same[0].header)
    )
    return Table(joining.paths(same), header, rows, same[0].delimiter, joining.encoding(same))


def _in_order(table: Table, header: Sequence[str]) -> Sequence[Row]:
    """Returns the rows of a table whose columns are put into the order of a header."""
    names = [name.casefold() for name in table.header]
    wanted = [name.casefold() for name in header]
    if names == wanted:
        return table.rows
    places = [names.index(name) for name in wanted]
    return [row._replace(cells=tuple(row.cells[x] for x in places)) for row in table.rows]


def _name(path: pathlib.Path) -> str:
    """Returns the name of a table without its suffix."""
    return pathlib.PurePath(path.name.removesuffix(_PACKED)).stem


def _split_word(path: pathlib.Path) -> str | None:
    """Returns the word in a table's name that says a split; of train and val together, train."""
    words = _BETWEEN_WORDS.split(_name(path))
    found = {splitting.split_named(word): word for word in words}
    found.pop(None, None)
    if found.keys() == {"train", "val"}:
        return found["train"]
    return next(iter(found.values())) if len(found) == 1 else None
