"""``report.html`` over several seeds: what all of them show, on one page."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax.data import SharedSet
from medjax.run.metrics import jsonable
from medjax.run.report import learners, seeds_table, table
from medjax.run.report.grids import image_grid
from medjax.run.report.template import data_uri, write_page

# Images of one class, or of a set with rows of labels, in the picture of a seed, and its size.
_MOST_OF_CLASS, _MOST_ROWS, _LONGEST_SIDE = 10, 50, 420


def write_seeds_report(
    path: str | os.PathLike, summary: Mapping[str, Any], *, sets: Sequence[SharedSet]
) -> None:
    """Writes the report over several seeds atomically.

    Args:
      path: the file; an existing one is replaced.
      summary: the content of ``summary.json`` over seeds.
      sets: the distilled set of each seed.

    Raises:
      UserError: if the file cannot be written.

    Example:
      >>> import pathlib, tempfile
      >>> summary = {"method": "dm", "dataset": "x", "ipc": 1, "num_images": 2}
      >>> summary |= {"seeds": [0, 1], "seed_runs": ["seed_0", "seed_1"]}
      >>> pixel = np.zeros(1, np.float32)
      >>> made = SharedSet(np.zeros((2, 8, 8, 1), np.float32), np.arange(2), pixel, pixel + 1)
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     file = pathlib.Path(folder, "report.html")
      ...     write_seeds_report(file, summary, sets=[made, made])
      ...     print("<h1>dm · x · 1 image per class · seeds 0, 1</h1>" in file.read_text("utf-8"))
      True
    """
    summary = jsonable(summary)
    rows = [row for row in table.result_rows(summary) if row.test]
    first, learned = summary.get("headline"), learners.rows(summary.get("learners") or {})
    soft = summary.get("labels", "hard") != "hard"
    write_page(
        path,
        "seeds.html.jinja",
        summary,
        seeds_table=seeds_table,
        rows=rows,
        metrics=_measured(rows, first=first, decisions=False),
        decisions=_measured(rows, first=None, decisions=True),
        learned=learned,
        learned_metrics=_measured(learned, first=first, decisions=False),
        learned_lines=learners.said(summary),
        pictures=[data_uri(_picture(made, soft=soft), longest=_LONGEST_SIDE) for made in sets],
    )


def _measured(rows: Sequence[table.Row], *, first: str | None, decisions: bool) -> list[str]:
    """Returns the metrics on test of one of two tables."""
    names = [name for row in rows for name in row.test or ()]
    return table.ordered([x for x in names if (x in table.DECISIONS) == decisions], first=first)


def _picture(made: SharedSet, *, soft: bool) -> np.ndarray:
    """Returns a grid of the first images of each class, of soft labels the most probable one."""
    images, labels = made.images, made.labels.argmax(axis=1) if soft else made.labels
    if labels.ndim == 2:
        return image_grid(images[:_MOST_ROWS], labels[:_MOST_ROWS])
    first = [np.flatnonzero(labels == label)[:_MOST_OF_CLASS] for label in np.unique(labels)]
    shown = np.concatenate(first)
    return image_grid(images[shown], labels[shown])
