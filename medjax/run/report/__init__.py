"""The reports of a run and of several seeds: pages, tables and pictures."""

from medjax.run.report.diverged import diverged_lines
from medjax.run.report.grids import image_grid, save_png
from medjax.run.report.page import write_report
from medjax.run.report.seeds_page import write_seeds_report
from medjax.run.report.seeds_table import seeds_table
from medjax.run.report.table import (
    DECISIONS,
    NOTHING,
    Row,
    metric_name,
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
    "results_table",
    "save_png",
    "scores_table",
    "seeds_table",
    "write_report",
    "write_seeds_report",
]
