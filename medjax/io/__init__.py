"""What a run leaves on disk: checkpoints, metrics, pictures, tables and the report."""

from medjax.io.atomic import require_writable
from medjax.io.checkpoints import Checkpoints
from medjax.io.experts import ExpertFile, open_experts
from medjax.io.grids import image_grid, save_png
from medjax.io.metrics import MetricsWriter, jsonable, read_metrics, write_json
from medjax.io.progress import Progress
from medjax.io.report import write_report
from medjax.io.table import (
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
    "Checkpoints",
    "ExpertFile",
    "MetricsWriter",
    "Progress",
    "Row",
    "image_grid",
    "jsonable",
    "metric_name",
    "metric_text",
    "open_experts",
    "ordered",
    "read_metrics",
    "require_writable",
    "results_table",
    "save_png",
    "scores_table",
    "write_json",
    "write_report",
]
