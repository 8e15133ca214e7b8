"""The rows of a study's table, and the file that holds them."""

import csv
import io
import os
from collections.abc import Iterable
from typing import NamedTuple

from medjax import store

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
