"""The report of a run: its page, tables and pictures."""

from medjax.run.report.grids import image_grid, save_png
from medjax.run.report.page import write_report
from medjax.run.report.table import (
    NOTHING,
    Row,
    metric_name,
    metric_text,
    ordered,
    results_table,
    scores_table,
)

__all__ = [
    "NOTHING",
    "Row",
    "image_grid",
    "metric_name",
    "metric_text",
    "ordered",
    "results_table",
    "save_png",
    "scores_table",
    "write_report",
]
