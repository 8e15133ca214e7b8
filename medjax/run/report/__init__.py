"""The report of a run: its page, tables and pictures."""

from medjax.run.report.grids import image_grid, save_png
from medjax.run.report.page import write_report
from medjax.run.report.table import (
    DECISIONS,
    NOTHING,
    Row,
    diverged_lines,
    metric_name,
    metric_text,
    ordered,
    results_table,
    scores_table,
)

__all__ = [
    "DECISIONS",
    "NOTHING",
    "Row",
    "diverged_lines",
    "image_grid",
    "metric_name",
    "metric_text",
    "ordered",
    "results_table",
    "save_png",
    "scores_table",
    "write_report",
]
