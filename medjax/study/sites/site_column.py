"""The sites of images that a table names."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from medjax.data import DatasetInfo
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.tables import reading
from medjax.data.pictures.tables.table import Row, Table, is_empty, rows_error
from medjax.errors import UserError, unknown

_FILE = "file"


class NamedSites(NamedTuple):
    """The sites of images.

    Attributes:
      places: int32 ``[n]``, the site of each image.
      names: the sites in the order of their numbers.
    """

    places: np.ndarray
    names: tuple[str, ...]


def from_table(path: Path, info: DatasetInfo, count: int, *, column: str = "site") -> NamedSites:
    """Reads the site of each training image from a column of a table.

    A set of files is matched by the column ``file``, whose cells name them as in
    ``data.folder.table``; rows of other files are not used. A set without files, such as an npz,
    needs a row for each training image, in their order.

    Args:
      path: a table, such as a CSV file.
      info: of the data set, with the names of its files.
      count: the number of training images.
      column: the name of the column.

    Returns:
      The sites, numbered in the order of their names.

    Raises:
      UserError: if the column is missing, an image has no site, or rows and images do not fit.

    Example:
      >>> import tempfile
      >>> info = DatasetInfo("a", "multi-class", ("x",), "unknown", "a.npz", "", None, "")
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     table = Path(folder, "sites.csv")
      ...     _ = table.write_text("site\\nnorth\\nsouth\\nnorth\\n")
      ...     from_table(table, info, 3).places.tolist()
      [0, 1, 0]
    """
    table = reading.read(path)
    place = _column(table, column)
    rows = _by_file(table, info) if info.files.get("train") else _in_order(table, count)
    if empty := [row for row in dict.fromkeys(rows) if is_empty(row.cells[place])]:
        lack = f"no {column}"
        raise rows_error(table, empty, lack, named=place, advice="name one in each row")
    names, places = np.unique([row.cells[place] for row in rows], return_inverse=True)
    return NamedSites(places.astype(np.int32), tuple(map(str, names)))


def _column(table: Table, name: str) -> int:
    found = [i for i, title in enumerate(table.header) if title.casefold() == name.casefold()]
    if len(found) != 1:
        error = unknown(f"column of {table.path}", name, table.header)
        raise UserError(f"{table.path} has several columns {name}") if found else error
    return found[0]


def _in_order(table: Table, count: int) -> list[Row]:
    if len(table.rows) != count:
        raise UserError(
            f"{table.path} has {len(table.rows)} row{'' if len(table.rows) == 1 else 's'}, but "
            f"there are {count} training images; a set without files needs a row for each, in "
            "their order"
        )
    return list(table.rows)


def _by_file(table: Table, info: DatasetInfo) -> list[Row]:
    """Returns the row of each training image."""
    named = _column(table, _FILE)
    everything = dict.fromkeys(name for names in info.files.values() for name in names)
    index = FileIndex(Path(info.source), [*everything], is_picture=lambda _: True)
    found = index.find([row.cells[named] for row in table.rows])
    rows = {name: row for row, fits in zip(table.rows, found, strict=True) for name in fits}
    missing = [name for name in info.files["train"] if name not in rows]
    if missing:
        raise UserError(
            f"{table.path} has no row for {len(missing)} of {len(info.files['train'])} training "
            f"images, the first {missing[0]}"
        )
    return [rows[name] for name in info.files["train"]]
