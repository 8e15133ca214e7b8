"""The rows of a study's table, and the file that holds them."""

import csv
import io
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from medjax import store
from medjax.errors import UserError

METRICS = ("accuracy", "balanced_accuracy", "auroc")
"""The metrics of the table."""
SPLITS = ("val", "test")
"""The splits of the table."""


class Row(NamedTuple):
    """One score of one training set.

    Attributes:
      dataset: the data set that was distilled.
      method: how its images were made. A network other than the first of the study follows ``@``,
        as in ``dm@resnet18``.
      ipc: images per class.
      seed: the seed.
      split: ``val`` or ``test``.
      metric: the name of the metric.
      mean: mean over networks, 0–1.
      std: standard deviation over networks; ``None`` without networks.
      n: the number of networks.
      seconds: what making the images took; ``None`` where it was not measured alone.
      images: the number of images that are stored.
      bytes: their size, a byte for each pixel and channel.
      job: the name of the job.
      values: the score of each network, which the table leaves to the file of the job.
    """

    dataset: str
    method: str
    ipc: int
    seed: int
    split: str
    metric: str
    mean: float
    std: float | None
    n: int
    seconds: float | None
    images: int
    bytes: int
    job: str = ""
    values: tuple[float, ...] = ()

    @property
    def key(self) -> tuple[str, str, int, int, str, str]:
        """What a row is of: a table has one row for each."""
        return self[:6]


def row_of(content: Mapping[str, Any]) -> Row:
    """Returns the row of a job's record.

    Args:
      content: a row by the names of its fields, as JSON.

    Raises:
      TypeError, ValueError: if it is none.

    Example:
      >>> row = Row("x", "dm", 1, 0, "test", "auroc", 0.9, 0.01, 1, 60.0, 2, 1568, "3f", (0.9,))
      >>> row_of(row._asdict()) == row
      True
    """
    row = Row(**{**content, "values": tuple(content["values"])})
    texts = row.dataset, row.method, row.split, row.metric, row.job
    counts = row.ipc, row.seed, row.n, row.images, row.bytes
    scores = row.mean, *row.values, *(x for x in (row.std, row.seconds) if x is not None)
    if not all(type(one) is str for one in texts) or not all(type(one) is int for one in counts):
        raise TypeError(f"{content} is no row")
    if not all(map(math.isfinite, scores)):
        raise ValueError(f"{row.metric} of {row.method} on {row.split} is not a finite number")
    return row


COLUMNS = Row._fields[:-1]
"""The columns of ``table.csv``."""


def table_text(rows: Iterable[Row]) -> str:
    """Formats rows as the text of ``table.csv``; numbers are written in full.

    Args:
      rows: the rows, in order.

    Returns:
      CSV with a line of the columns' names.

    Example:
      >>> row = Row("x", "dm", 1, 0, "test", "auroc", 0.9, 0.01, 5, 60.0, 2, 1568, "3f", (0.9,))
      >>> print(table_text([row]))
      dataset,method,ipc,seed,split,metric,mean,std,n,seconds,images,bytes,job
      x,dm,1,0,test,auroc,0.9,0.01,5,60.0,2,1568,3f
      <BLANKLINE>
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([COLUMNS, *(row[: len(COLUMNS)] for row in rows)])
    return stream.getvalue()


def write_table(path: str | os.PathLike, rows: Iterable[Row]) -> None:
    """Writes ``table.csv`` atomically.

    Args:
      path: the file; an existing one is replaced.
      rows: the rows, in order.

    Raises:
      UserError: if the file cannot be written.
    """
    store.write_bytes(path, table_text(rows).encode())


def read_table(path: str | os.PathLike) -> list[Row]:
    """Reads ``table.csv``; the scores of single networks are in the files of jobs alone.

    Args:
      path: the file.

    Returns:
      The rows in order.

    Raises:
      UserError: if there is no such file, or it is no table of a study.

    Example:
      >>> read_table("nowhere/table.csv")
      Traceback (most recent call last):
      medjax.errors.UserError: there is no table nowhere/table.csv
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise UserError(f"{path} is no table of a study: its columns are not those of one")
            return [_row(line, f"{path}, line {reader.line_num}") for line in reader]
    except FileNotFoundError as error:
        raise UserError(f"there is no table {path}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read the table {path}: {error}") from error


def read_tables(folder: str | os.PathLike) -> list[Row]:
    """Reads all tables of a folder: ``table.csv``, and those of further studies, ``table_*.csv``.

    Args:
      folder: the folder.

    Returns:
      The rows, those of ``table.csv`` first; of rows of the same cell the first one.

    Raises:
      UserError: if there is no table, or a file is none.

    Example:
      >>> read_tables("nowhere")
      Traceback (most recent call last):
      medjax.errors.UserError: there is no table.csv in nowhere
    """
    further = sorted(Path(folder).glob("table_*.csv"))
    paths = [path for path in (Path(folder) / "table.csv", *further) if path.exists()]
    if not paths:
        raise UserError(f"there is no table.csv in {folder}")
    rows: dict[Any, Row] = {}
    for path in paths:
        for row in read_table(path):
            rows.setdefault(row.key, row)
    return list(rows.values())


def _row(line: Mapping[str, str], where: str) -> Row:
    if len(line) != len(COLUMNS) or None in line.values():
        raise UserError(f"cannot read the table {where}: it has not {len(COLUMNS)} cells")
    try:
        whole = {name: int(line[name]) for name in ("ipc", "seed", "n", "images", "bytes")}
        optional = {name: float(line[name]) if line[name] else None for name in ("std", "seconds")}
        return Row(**{**line, **whole, **optional, "mean": float(line["mean"])})
    except ValueError as error:
        raise UserError(f"cannot read the table {where}: {error}") from error
