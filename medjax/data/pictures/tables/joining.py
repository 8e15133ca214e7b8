"""Joins two tables: each row of one is extended by the row of the other that names the same."""

import collections
import functools
import logging
import pathlib
import re
from collections.abc import Mapping, Sequence

from medjax.data import splitting
from medjax.data.class_names import same_form
from medjax.data.pictures import decoding
from medjax.data.pictures.tables import column_guesses, column_setting
from medjax.data.pictures.tables.table import BY_NAME, Row, Table, is_empty, shown, skipped
from medjax.data.pictures.tables.text import WESTERN
from medjax.errors import UserError

_log = logging.getLogger("medjax")
_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")  # before a number
_WHOLE = re.compile(r"(\d+)\.0+")
_IDENTIFIER = re.compile(r"(^|[\W_])(u?id|key|code|number|accession)$")
_Key = tuple[str, ...]


def joined(left: Table, right: Table, *, named: str, skip: bool) -> tuple[Table, list[str]]:
    """Joins two tables: each row of one is extended by the row of the other that names the same.

    The tables are joined on the column of the files if both have it and the other table has a row
    for each file; otherwise on all columns that both have, without those of labels and splits; if
    none of these names an image or a patient, on the columns of the files, which then have two
    names and hold not only numbers. A row has the partner with the same cells there, or else the
    only one whose cells are spelled otherwise: in another case, with or without a suffix, folders,
    or zeros before a number.

    Args:
      left: the table whose rows are kept.
      right: the other table; several rows of the first may belong to one of its rows.
      named: the names of columns, as ``column_setting.parse`` reads them.
      skip: whether rows without a partner are skipped; else they are refused.

    Returns:
      The table, and warnings.

    Raises:
      UserError: if the tables share no such column, several rows of the other one have the same
        cells there, rows have no partner, or labels, patients or splits contradict each other.
    """
    given = column_setting.parse(named)
    own, theirs, by_file = _keys(left, right, given)
    found = _partners(left, right, own, theirs, by_file=by_file)
    alone = [row for row, partner in zip(left.rows, found, strict=True) if not partner]
    names = _named(left, right, own, theirs)
    if len(alone) == len(left.rows) > 0:
        raise _none_fits(left, right, own, theirs)
    lack = f"no row of {right.path} with the same {names}"
    advice = "add one, or skip these rows with data.folder.skip_missing=True"
    warnings = skipped(left, alone, lack, named=own[0], advice=advice, skip=skip)
    pairs = [pair for pair in zip(left.rows, found, strict=True) if pair[1]]
    keys = {_folded(left)[place] for place in own}
    both = [name for name in _shared(left, right) if name not in keys]
    for name in both:
        warnings += _differing(left, right, name, pairs, decided=name in _roles(given))
    twice = dict(zip(_places(left, both), _places(right, both), strict=True))
    known = {*theirs, *twice.values()}
    new = [place for place in range(len(right.header)) if place not in known]
    rows = tuple(_extended(row, partner, twice, new) for row, partner in pairs)
    _log.info("data: %s and %s are joined on %s", left.path, right.path, names)
    header = left.header + tuple(right.header[place] for place in new)
    both_read = left, right
    return Table(paths(both_read), header, rows, left.delimiter, encoding(both_read)), warnings


def paths(several: Sequence[Table]) -> pathlib.Path:
    """Returns the paths of tables between commas, as the setting has them."""
    return pathlib.Path(",".join(str(table.path) for table in several))


def encoding(several: Sequence[Table]) -> str:
    """Returns the encoding of one table, of the least certain one if there is one."""
    found = [table.encoding for table in several]
    return WESTERN if WESTERN in found else found[0]


@functools.lru_cache(maxsize=2**18)
def plain(cell: str) -> tuple[str, ...]:
    """Returns the parts of an identifier or a path, without what its spelling may change.

    Example:
      >>> plain("Scans/IMG_007.png"), plain("img_7"), plain("7.0")
      (('scans', 'img_7'), ('img_7',), ('7',))
    """
    text = same_form(cell.replace("\\", "/").casefold())
    if text.endswith(decoding.SUFFIXES):
        text = text.removesuffix(".gz").rpartition(".")[0]
    text = _ZEROS.sub("", text)
    if whole := _WHOLE.fullmatch(text):
        text = whole[1]
    return tuple(part for part in text.split("/") if part not in ("", ".")) or (text,)


def _folded(table: Table) -> list[str]:
    return [name.casefold() for name in table.header]


def _places(table: Table, names: Sequence[str]) -> list[int]:
    folded = _folded(table)
    return [folded.index(name) for name in names]


def _shared(left: Table, right: Table) -> list[str]:
    """Returns the columns that both tables have."""
    theirs = set(_folded(right))
    return [name for name in dict.fromkeys(_folded(left)) if name and name in theirs]


def _roles(given: Mapping[str, str]) -> set[str]:
    """Returns the names that columns of labels, patients and splits have."""
    splits = [given["split"]] if "split" in given else column_guesses.SPLITS
    label = column_setting.without_brackets(given.get("label", "label"))
    names = [label, *label.split(","), given.get("patient", "patient"), *splits, BY_NAME]
    return {name.strip().casefold() for name in names}


def _keys(left: Table, right: Table, given: Mapping[str, str]) -> tuple[list[int], list[int], bool]:
    """Returns the columns on which tables are joined, and whether they are those of the files."""
    shared = _shared(left, right)
    patient = given.get("patient", "patient").casefold()
    no_keys = _roles(given) - {patient, BY_NAME}
    keys = [name for name in shared if name not in no_keys]
    files = [_file(table, given) for table in (left, right)]
    if not any(name == files[0] or _identifies(name) for name in keys):
        if all(files) and set(files).isdisjoint(no_keys):
            place = _places(left, files[:1])
            if all(row.cells[place[0]].isdecimal() for row in left.rows):
                raise _no_key(left, right, shared)  # equal numbers may be of other things
            return place, _places(right, files[1:]), True
        if not set(keys) - {BY_NAME}:
            raise _no_key(left, right, shared)
    if files[0] in keys:
        place = _places(right, files[:1])
        cells = {row.cells for row in right.rows}
        if len({_key(row, place) for row in right.rows}) == len(cells):
            return _places(left, files[:1]), place, True
    return _places(left, keys), _places(right, keys), False


def _identifies(name: str) -> bool:
    rank = column_guesses.patient_rank(name)
    return rank is not None or _IDENTIFIER.search(name) is not None


def _file(table: Table, given: Mapping[str, str]) -> str:
    """Returns the column of the files, without case; empty if it cannot be told."""
    name = given.get("file", "").casefold()
    guess = column_guesses.guess(table, column_guesses.names_file).get("file", "")
    return name if name in _folded(table) else guess.casefold()


def _no_key(left: Table, right: Table, shared: Sequence[str]) -> UserError:
    only = f" but {', '.join(shared)}" if shared else ""
    return UserError(
        f"{left.path} and {right.path} share no column{only}: one has {left.names}, the other "
        f"{right.names}; give the column of the files, or of the patients, one name in both"
    )


def _named(left: Table, right: Table, own: Sequence[int], theirs: Sequence[int]) -> str:
    """Returns the names of the columns on which tables are joined."""
    pairs = [(left.header[x], right.header[y]) for x, y in zip(own, theirs, strict=True)]
    return ", ".join(a if a.casefold() == b.casefold() else f"{a} and {b}" for a, b in pairs)


def _partners(
    left: Table, right: Table, own: Sequence[int], theirs: Sequence[int], *, by_file: bool
) -> list[Row | None]:
    """Returns the row of the other table that each row belongs to."""
    exact = _by_key(right, theirs)
    left_keys = {_key(row, own) for row in left.rows}
    spelled = [_spelled(left_keys), _spelled(exact)] if left_keys - exact.keys() else []

    def partner(row: Row) -> Row | None:
        key = _key(row, own)
        if key in exact or not any(key):
            return exact.get(key)
        last = _last(key)
        ours, others = (keys.get(last, []) for keys in spelled)
        # Two patients that differ in spelling alone are one; two such files are two.
        if len(others) != 1 or (by_file and len(ours) > 1):
            return None
        return exact[others[0]] if _agree(key, others[0]) else None

    return [partner(row) for row in left.rows]


def _spelled(keys: Sequence[_Key]) -> dict[_Key, list[_Key]]:
    """Returns the spellings of each key."""
    found = collections.defaultdict(list)
    for key in keys:
        found[_last(key)].append(key)
    return found


def _last(key: _Key) -> _Key:
    return tuple(plain(cell)[-1] for cell in key)


def _agree(one: _Key, other: _Key) -> bool:
    """Returns whether paths that end alike may be the same: one is the end of the other."""
    pairs = [(plain(a)[::-1], plain(b)[::-1]) for a, b in zip(one, other, strict=True)]
    return all(x == y for a, b in pairs for x, y in zip(a, b, strict=False))


def _by_key(table: Table, places: Sequence[int]) -> dict[_Key, Row]:
    """Returns the rows of a table by their cells in some columns; empty cells are no key."""
    found: dict[_Key, Row] = {}
    for row in table.rows:
        key = _key(row, places)
        if any(key) and found.setdefault(key, row).cells != row.cells:
            names = ", ".join(
                f"{table.header[place]} {cell}" for place, cell in zip(places, key, strict=True)
            )
            raise UserError(
                f"{table.path}, {row.place}: {names} is in {found[key].place} too, and rows of "
                "another table are joined on it; name the table of the images first"
            )
    return found


def _key(row: Row, places: Sequence[int]) -> _Key:
    return tuple(row.cells[place] for place in places)


def _none_fits(left: Table, right: Table, own: Sequence[int], theirs: Sequence[int]) -> UserError:
    """Returns the error for tables without rows that belong together."""
    names, examples = _named(left, right, own, theirs), []
    for here, there in zip(own, theirs, strict=True):
        one, other = (
            next((shown(row.cells[x]) for row in table.rows if row.cells[x]), "empty")
            for table, x in ((left, here), (right, there))
        )
        examples.append(f"{left.header[here]} is {one} in the first and {other} in the other")
    return UserError(
        f"{left.path} and {right.path} are joined on {names}, and no row of one fits a row of the "
        f"other: {', '.join(examples)}; spell them alike, give columns that say other things other "
        "names, or give tables that follow one another the same columns"
    )


def _differing(
    left: Table,
    right: Table,
    name: str,
    pairs: Sequence[tuple[Row, Row]],
    *,
    decided: bool,
) -> list[str]:
    """Returns a warning of rows that differ in a column of both tables; refuses what decides."""
    (own,), (theirs,) = _places(left, [name]), _places(right, [name])
    differing = [
        (row, other) for row, other in pairs if not _same(row.cells[own], other.cells[theirs])
    ]
    if not differing:
        return []
    row, other = differing[0]
    line = (
        f"{left.path} and {right.path} differ in {left.header[own]} in {len(differing)} of "
        f"{len(pairs)} rows: {shown(row.cells[own])} in {row.place}, and "
        f"{shown(other.cells[theirs])} in {other.place} of the other"
    )
    if decided:
        raise UserError(f"{line}; correct one, or leave the column to one table")
    return [f"{line}; the first counts"]


def _same(one: str, other: str) -> bool:
    """Returns whether two cells say the same, or one of them nothing."""
    split = splitting.split_named(one)
    if is_empty(one) or is_empty(other) or one == other:
        return True
    return plain(one) == plain(other) or bool(split and split == splitting.split_named(other))


def _extended(row: Row, partner: Row, twice: Mapping[int, int], new: Sequence[int]) -> Row:
    """Returns a row with the new cells of its partner, and with those that it leaves empty."""
    cells = [
        partner.cells[twice[place]] if place in twice and is_empty(cell) else cell
        for place, cell in enumerate(row.cells)
    ]
    return row._replace(cells=(*cells, *(partner.cells[place] for place in new)))
