"""``report.html``: one page, without outside resources, with the results of a run."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax.run.metrics import jsonable
from medjax.run.report import charts, learners, prose, table
from medjax.run.report.template import data_uri, write_page

# Enough to judge a class; a browser cannot open a page of thousands of images.
_MOST_IMAGES = 50


def write_report(
    path: str | os.PathLike,
    summary: Mapping[str, Any],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    history: Sequence[Mapping[str, Any]],
) -> None:
    """Writes the report of a run atomically.

    Args:
      path: the file; an existing one is replaced.
      summary: the content of ``summary.json``; the page skips missing parts.
      images: the synthetic images in pixel units, ``[n, h, w, c]``, grey or RGB.
      labels: the classes, ints ``[n]``, or rows of labels ``[n, l]``.
      history: the lines of ``metrics.jsonl``: dicts with ``step`` and any of ``loss``,
        ``val_<metric>`` and ``val_<metric>_std``.

    Raises:
      UserError: if the file cannot be written.

    Example:
      >>> import pathlib, tempfile
      >>> summary = {"method": "dm", "dataset": "x", "ipc": 1, "seed": 0, "num_images": 2}
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     file = pathlib.Path(folder, "report.html")
      ...     images, labels = np.zeros((2, 8, 8, 1)), np.arange(2)
      ...     write_report(file, summary, images=images, labels=labels, history=[])
      ...     print("<h1>dm · x · 1 image per class · seed 0</h1>" in file.read_text("utf-8"))
      True
    """
    summary, labels = jsonable(summary), np.asarray(labels)
    rows, names = table.result_rows(summary), (summary.get("data") or {}).get("classes") or []
    first, learned = summary.get("headline"), learners.rows(summary.get("learners") or {})
    write_page(
        path,
        "report.html.jinja",
        summary,
        rows=rows,
        columns=_columns(rows, first=first, decisions=False),
        decisions=_columns(rows, first=None, decisions=True),
        learned=learned,
        learned_columns=_columns(learned, first=first, decisions=False),
        learned_lines=learners.said(summary),
        charts=_curves(summary, history),
        groups=_groups(labels, names),
        most_images=_MOST_IMAGES,
        picture=lambda i: data_uri(np.asarray(images[i])),
    )


def _columns(
    rows: Sequence[table.Row], *, first: str | None, decisions: bool
) -> list[tuple[str, str]]:
    """Returns the split and metric of each column of one of two tables that was measured."""
    columns = []
    for split in ("val", "test"):
        measured = [name for row in rows for name in getattr(row, split) or ()]
        names = [name for name in measured if (name in table.DECISIONS) == decisions]
        columns += [(split, metric) for metric in table.ordered(names, first=first)]
    return columns


def _curves(summary: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> list[str]:
    mark, by = summary.get("selected_step"), summary.get("select_by") or "auroc"
    drawn = []
    for name, label in (("loss", "loss"), (f"val_{by}", f"validation {table.metric_name(by)}")):
        lines = [line for line in history if line.get(name) is not None]
        points = [(line["step"], line[name]) for line in lines]
        spread = [line.get(f"{name}_std") or 0.0 for line in lines]
        drawn.append(charts.line_chart(points, label=label, spread=spread, mark=mark))
    return [chart for chart in drawn if chart]


def _groups(labels: np.ndarray, names: Sequence[str]) -> dict[str, list[int]]:
    """Returns the numbers of the images by the name of their class."""
    groups: dict[str, list[int]] = {}
    for i in np.argsort(labels, kind="stable") if labels.ndim == 1 else range(len(labels)):
        groups.setdefault(prose.class_name(labels[i], names), []).append(int(i))
    return groups
