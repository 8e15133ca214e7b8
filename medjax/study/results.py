"""What a study writes: ``table.csv`` and ``report.html`` of the jobs that are finished.

A study of sites or of transfer has ``comparisons.csv``, too.
"""

from collections.abc import Mapping
from pathlib import Path

from medjax.study.comparisons import compare_ways, write_comparisons
from medjax.study.folder import Study, finished_rows
from medjax.study.job import Job
from medjax.study.rows import write_table


def write_results(workdir: Path, study: Study, *, failed: Mapping[Job, str] | None = None) -> None:
    """Writes the table and the report of what is finished.

    Args:
      workdir: the folder of the study.
      study: the study.
      failed: why jobs failed.

    Raises:
      UserError: if a file cannot be written.
    """
    rows = finished_rows(study.jobs, workdir)
    write_table(workdir / "table.csv", rows)
    if compared := compare_ways(rows):
        write_comparisons(workdir / "comparisons.csv", compared)
