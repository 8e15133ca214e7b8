"""The sites of images that a table names."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from medjax.data import DatasetInfo
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.tables import reading
from medjax.data.pictures.tables.table import Table, is_empty, rows_error
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
    files = info.files.get("train", ())
    cells = _by_file(table, place, info) if files else _in_order(table, place, count)
    empty = [row for row in table.rows if row.cells[place] in cells and is_empty(row.cells[place])]
    if empty:
        lack = f"no {column}"
        raise rows_error(table, empty, lack, named=place, advice="name one in each row")
    names, places = np.unique(cells, return_inverse=True)
    return NamedSites(places.astype(np.int32), tuple(map(str, names)))


def _column(table: Table, name: str) -> int:
    found = [i for i, title in enumerate(table.header) if title.casefold() == name.casefold()]
    if len(found) != 1:
        error = unknown(f"column of {table.path}", name, table.header)
        raise UserError(f"{table.path} has several columns {name}") if found else error
    return found[0]


def _in_order(table: Table, column: int, count: int) -> list[str]:
    if len(table.rows) != count:
        raise UserError(
            f"{table.path} has {len(table.rows)} rows, but there are {count} training images; a "
            "set without files needs a row for each, in their order"
        )
    return [row.cells[column] for row in table.rows]


def _by_file(table: Table, column: int, info: DatasetInfo) -> list[str]:
    named, everything = _column(table, _FILE), [x for names in info.files.values() for x in names]
    index = FileIndex(Path(info.source), [*dict.fromkeys(everything)], is_picture=lambda _: True)
    site: dict[str, str] = {}
    for row, fits in zip(
        table.rows, index.find([row.cells[named] for row in table.rows]), strict=True
    ):
        site |= dict.fromkeys(fits, row.cells[column])
    missing = [name for name in info.files["train"] if name not in site]
    if missing:
        raise UserError(
            f"{table.path} has no row for {len(missing)} of {len(info.files['train'])} training "
            f"images, the first {missing[0]}"
        )
    return [site[name] for name in info.files["train"]]
