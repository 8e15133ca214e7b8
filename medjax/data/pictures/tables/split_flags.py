"""Official splits that a table gives by columns of yes and no, as ``is_test`` is."""

import re
from collections.abc import Iterable, Mapping, Sequence

from medjax.data import splitting
from medjax.data.pictures.tables import findings
from medjax.data.pictures.tables.table import Row, Table, is_empty
from medjax.errors import UserError

_FLAG = re.compile(r"i[sn][\W_]*(.+?)[\W_]*(?:set|split|images?|img|samples?|cases?|rows?|data)?")


def flagged(name: str) -> str | None:
    """Returns the split that a column of yes and no tells, by its name, or None for another.

    Example:
      >>> flagged("is_test"), flagged("IsTrain"), flagged("is_male"), flagged("test")
      ('test', 'train', None, None)
    """
    match = _FLAG.fullmatch(name.strip().casefold())
    return splitting.split_named(match[1]) if match else None


def columns(table: Table, rows: Sequence[Row], places: Iterable[int]) -> dict[int, str]:
    """Returns the columns that tell splits by yes and no, and the split of each.

    Args:
      table: the table.
      rows: the rows that are read.
      places: the columns that may be such.
    """
    found = {place: split for place in places if (split := flagged(table.header[place]))}
    return {
        place: split
        for place, split in found.items()
        if any(not is_empty(row.cells[place]) for row in rows)
        and all(
            is_empty(row.cells[place]) or findings.yes_or_no(row.cells[place]) is not None
            for row in rows
        )
    }


def of_rows(table: Table, rows: Sequence[Row], flags: Mapping[int, str]) -> dict[Row, str]:
    """Returns the split of each row without empty cells.

    It is the split whose column says yes. If none does, it is the first of train, test and val that
    has no column.

    Args:
      table: the table.
      rows: the rows that are read.
      flags: the columns and their splits, from ``columns``.

    Raises:
      UserError: if a row is in several splits, or in none.
    """
    others, found = [x for x in ("train", "test", "val") if x not in flags.values()], {}
    for row in rows:
        if any(is_empty(row.cells[place]) for place in flags):
            continue
        told = [place for place in flags if findings.yes_or_no(row.cells[place])]
        splits = {flags[place] for place in told} or set(others[:1])
        if len(splits) != 1:
            names = " and ".join(table.header[place] for place in told or flags)
            raise UserError(
                f"{table.path}, {row.place}: {names} are all {'yes' if told else 'no'}; a row is "
                "in one split"
            )
        found[row] = splits.pop()
    return found
