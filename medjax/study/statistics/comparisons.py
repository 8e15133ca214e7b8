"""How a union of distilled sets, or transfer from one, compares with the other ways: by seed."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from medjax import evaluate, store
from medjax.evaluate import Interval
from medjax.study.statistics.summaries import Cells, Key, cells_of, paired_means
from medjax.study.table.rows import METRICS, Row

OURS = ("sites/distilled_union", "transfer/distilled")
"""The ways that others are compared with; each with those of its own form."""
_SINGLE = "_alone_"


class Comparison(NamedTuple):
    """A difference of two ways on test, paired by seed.

    Attributes:
      dataset, ipc, metric: of both.
      ours, theirs: the two ways.
      difference: ``ours − theirs``, with its 95 % interval over the seeds that both have.
    """

    dataset: str
    ipc: int
    metric: str
    ours: str
    theirs: str
    difference: Interval


def compare_ways(rows: Sequence[Row]) -> list[Comparison]:
    """Compares the ways of sites and of transfer with what they are to replace.

    ``OURS`` is compared with every other way of its form, except single sites other than the best.

    Args:
      rows: the rows of a table; those of other forms are not used.

    Returns:
      A comparison for each metric, data set and way, in the order of the rows.

    Example:
      >>> def row(way, seed, mean):
      ...     return Row("x/iid_2", f"sites/{way}", 1, seed, "test", "auroc", mean, 0, 1, 0, 2, 8)
      >>> rows = [row("distilled_union", seed, x) for seed, x in enumerate((0.90, 0.95, 0.92))]
      >>> rows += [row("random_union", seed, x) for seed, x in enumerate((0.80, 0.86, 0.81))]
      >>> (found,) = compare_ways(rows)
      >>> print(f"{found.theirs} {found.difference.mean:.3f}")
      sites/random_union 0.100
    """
    found = []
    for metric in METRICS:
        cells = cells_of(rows, metric=metric, split="test")
        for key in cells:
            if key.method in OURS:
                others = (other for other in cells if _is_beside(key, other))
                found += [_compared(key, other, metric, cells) for other in others]
    return [one for one in found if one is not None]


def _is_beside(key: Key, other: Key) -> bool:
    """Returns whether a cell is another way of the same form on the same data set."""
    form = key.method.partition("/")[0]
    named = other.method.startswith(f"{form}/") and _SINGLE not in other.method
    return named and other != key and other == key._replace(method=other.method)


def _compared(key: Key, other: Key, metric: str, cells: Cells) -> Comparison | None:
    """Compares two cells; ``None`` if they have no seed in common."""
    pairs = paired_means(cells[key], cells[other])
    if pairs is None:
        return None
    cell = key.dataset, key.ipc, metric, key.method, other.method
    return Comparison(*cell, evaluate.paired_interval(*pairs))


def write_comparisons(path: str | os.PathLike, found: Iterable[Comparison]) -> None:
    """Writes comparisons as CSV, atomically, with numbers in full and the verdict in words.

    Args:
      path: the file; an existing one is replaced.
      found: from ``compare_ways``.

    Raises:
      UserError: if the file cannot be written.
    """
    stream = io.StringIO()
    header = (*Comparison._fields[:-1], "mean", "low", "high", "n", "verdict")
    lines = ((*one[:-1], *one.difference, evaluate.verdict(one.difference)) for one in found)
    csv.writer(stream, lineterminator="\n").writerows([header, *lines])
    store.write_bytes(path, stream.getvalue().encode())
