"""Reads the tables of a set: one after the other, or joined on the columns that they share."""

import functools
import logging
import pathlib
import re
from collections.abc import Sequence

from medjax import store
from medjax.data import splitting
from medjax.data.pictures.listing import column_guesses, column_setting, table_text, tables
from medjax.data.pictures.listing.tables import Row, Table
from medjax.errors import UserError

_log = logging.getLogger("medjax")
_PACKED = ".gz"


def read(folder: pathlib.Path, setting: str, *, named: str, skip: bool) -> tuple[Table, list[str]]:
    """Reads one table or several as one.

    The rows of tables with the same header follow one another. If all their names say a split, as
    ``train.csv`` and ``valid.csv`` do, a last column ``tables.BY_NAME`` holds that word. Tables of
    other headers are joined to the first: a row is extended by the one that agrees with it in all
    columns that both have. A list of files without a header is a table with a column of files.

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
    paths = _paths(folder, setting)
    for path in paths:
        table = _one(path, named) if len(paths) == 1 else _one_of_several(path, named)
        kinds.setdefault(tuple(name.casefold() for name in table.header), []).append(table)
    warnings: list[str] = []
    first, *others = [_stacked(same) for same in kinds.values()]
    if others and first.header and all(map(str.isdecimal, first.header)):
        raise UserError(
            f"{first.path} and {others[0].path} have no header and do not have as many columns"
        )
    join = functools.partial(_joined, skip=skip, warnings=warnings)
    return functools.reduce(join, others, first), warnings


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
    table = tables.read(path)
    numbers = [name for name in column_setting.parse(named).values() if name]
    if not numbers or not all(map(str.isdecimal, numbers)):
        return table
    row = any(map(column_guesses.names_file, table.header))
    named_so = not row and set(numbers) <= set(table.header)
    return table if named_so else tables.read(path, header=False)


def _one_of_several(path: pathlib.Path, named: str) -> Table:
    """Reads a table that has a header, or is numbered, or is a list of files."""
    table = _one(path, named)
    if len(table.header) == 1 and column_guesses.names_file(table.header[0]):
        name = column_setting.parse(named).get("file", "file")
        return tables.read(path, header=False)._replace(header=(name,))
    column_guesses.refuse_no_header(table)
    return table


def _stacked(same: Sequence[Table]) -> Table:
    """Returns tables of one header as one, whose rows know their table."""
    if len(same) == 1:
        return same[0]
    words = [_split_word(table.path) for table in same]
    header, added = same[0].header, [()] * len(same)
    if len(set(filter(None, words))) > 1 and None not in words:
        header, added = (*header, tables.BY_NAME), [(word,) for word in words]
    rows = tuple(
        Row(row.line, (*row.cells, *more), table.path)
        for table, more in zip(same, added, strict=True)
        for row in table.rows
    )
    return Table(_together(same), header, rows, same[0].delimiter, _encoding(same))


def _split_word(path: pathlib.Path) -> str | None:
    """Returns the word in a table's name that says a split; of train and val together, train."""
    words = re.split(r"[\W_]+", path.name.removesuffix(_PACKED))
    found = {splitting.split_named(word): word for word in words}
    found.pop(None, None)
    if found.keys() == {"train", "val"}:
        return found["train"]
    return next(iter(found.values())) if len(found) == 1 else None


def _joined(left: Table, right: Table, *, skip: bool, warnings: list[str]) -> Table:
    """Returns the rows of one table, each extended by the row of another that it agrees with."""
    ours, theirs = ([name.casefold() for name in table.header] for table in (left, right))
    shared = [name for name in ours if name and name in theirs]
    if not shared:
        raise UserError(
            f"{left.path} and {right.path} share no column: one has {left.names}, the other "
            f"{right.names}"
        )
    own = [ours.index(name) for name in shared]
    new = [place for place, name in enumerate(theirs) if name not in shared]
    partners = _by_key(right, [theirs.index(name) for name in shared])
    found = [partners.get(_key(row, own)) for row in left.rows]
    alone = [row for row, partner in zip(left.rows, found, strict=True) if not partner]
    names = ", ".join(left.header[place] for place in own)
    lack = f"no row of {right.path} with the same {names}"
    advice = "add one, or skip these rows with data.folder.skip_missing=True"
    warnings += tables.skipped(left, alone, lack, named=own[0], advice=advice, skip=skip)
    rows = tuple(
        row._replace(cells=row.cells + tuple(partner.cells[place] for place in new))
        for row, partner in zip(left.rows, found, strict=True)
        if partner
    )
    _log.info("data: %s and %s are joined on %s", left.path, right.path, names)
    header = left.header + tuple(right.header[place] for place in new)
    both = (left, right)
    return Table(_together(both), header, rows, left.delimiter, _encoding(both))


def _by_key(table: Table, places: Sequence[int]) -> dict[tuple[str, ...], Row]:
    """Returns the rows of a table by their cells in some columns; empty cells are no key."""
    found: dict[tuple[str, ...], Row] = {}
    for row in table.rows:
        key = _key(row, places)
        if any(key) and found.setdefault(key, row) is not row:
            names = ", ".join(
                f"{table.header[place]} {cell}" for place, cell in zip(places, key, strict=True)
            )
            raise UserError(
                f"{table.path}, {row.place}: {names} is in {found[key].place} too, and rows of "
                "another table are joined on it; name the table of the images first"
            )
    return found


def _key(row: Row, places: Sequence[int]) -> tuple[str, ...]:
    return tuple(row.cells[place] for place in places)


def _together(several: Sequence[Table]) -> pathlib.Path:
    """Returns the paths of tables between commas, as the setting has them."""
    return pathlib.Path(",".join(str(table.path) for table in several))


def _encoding(several: Sequence[Table]) -> str:
    """Returns the encoding of one table, of the least certain one if there is one."""
    found = [table.encoding for table in several]
    return table_text.WESTERN if table_text.WESTERN in found else found[0]
