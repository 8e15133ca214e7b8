"""What a study writes: ``table.csv`` and ``report.html`` of the jobs that are finished.

A study of sites or of transfer has ``comparisons.csv``, too.
"""

from collections.abc import Mapping
from pathlib import Path

from medjax.study.jobs.job import Job
from medjax.study.report.page import write_page
from medjax.study.running.schedule import unfinished
from medjax.study.statistics.comparisons import compare_ways, write_comparisons
from medjax.study.table.folder import Study, finished_rows
from medjax.study.table.rows import Row, write_table


def write_results(
    workdir: Path, study: Study, *, failed: Mapping[Job, str] | None = None
) -> list[Row]:
    """Writes the table and the report of what is finished.

    Args:
      workdir: the folder of the study.
      study: the study.
      failed: why jobs failed.

    Returns:
      The rows of the table.

    Raises:
      UserError: if a file cannot be written.
    """
    rows = finished_rows(study.jobs, workdir)
    write_table(workdir / "table.csv", rows)
    if compared := compare_ways(rows):
        write_comparisons(workdir / "comparisons.csv", compared)
    count = len(study.jobs)
    lines = [f"{job.title} failed: {reason}" for job, reason in (failed or {}).items()]
    write_page(
        workdir / "report.html",
        rows,
        jobs=(count - len(unfinished(study.jobs, workdir)), count),
        notes=[*study.skipped, *lines],
        config=study.config,
    )
    return rows
