"""Jobs that are done once, and their results: a folder for each, which appears whole."""

import json
import math
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medjax import store
from medjax.run.metrics import jsonable, write_json
from medjax.run.sources import code_digest, method_files
from medjax.study.jobs.job import Job, described_job
from medjax.study.jobs.kinds import kind_of
from medjax.study.table.rows import Row, row_of

_RECORD, _JOBS, _LOCKS = "job.json", "jobs", "locks"


def make_job(
    kind: str,
    cell: tuple[str, str, int, int],
    settings: Mapping[str, Any],
    *,
    data: str,
    needs: tuple[Job, ...] = (),
) -> Job:
    """Makes the description of a job, with the version of the code that it uses.

    Args:
      kind: a name for ``kinds.kind_of``.
      cell: data set, method, images per class, seed.
      settings: what else decides the result; anything that ``jsonable`` takes.
      data: the digest of the data set.
      needs: jobs that must be finished before it.

    Raises:
      UserError: for an unknown kind.
    """
    sources = kind_of(kind).sources
    if kind_of(kind).distils:
        sources += method_files(settings["run"]["method"])
    source = code_digest(sources)
    return Job(kind, *cell, settings=jsonable(settings), data=data, source=source, needs=needs)


def folder_of(job: Job, *, beside: Path) -> Path:
    """Returns the folder of a finished job, beside that of another one."""
    return beside.with_name(job.name)


def folder_in(workdir: Path, job: Job) -> Path:
    """Returns the folder of a job's result, which is there once the job is finished."""
    return workdir / _JOBS / job.name


def read_record(folder: Path) -> dict[str, Any] | None:
    """Returns what a finished job wrote: ``{"job", "rows", "seconds"}``.

    Args:
      folder: that of the job.

    Returns:
      The record; ``None`` if the job is not finished, or its file is damaged or of another job.
    """
    try:
        record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        rows_of(record)
        is_known = math.isfinite(record["seconds"])
        is_known = is_known and described_job(record["job"]).name == folder.name
        return record if is_known else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def rows_of(record: Mapping[str, Any]) -> list[Row]:
    """Returns the rows of a job's record."""
    return [row_of(row) for row in record["rows"]]


def lock_of(job: Job, workdir: Path) -> Path:
    """Returns the file of the lock that whoever writes a job's result holds."""
    return workdir / _LOCKS / f"{job.name}.lock"


def perform(job: Job, workdir: Path) -> bool:
    """Does a job, unless it is done; its result appears whole or not at all.

    Args:
      job: the job, whose needs are finished.
      workdir: the folder of the study.

    Returns:
      Whether it is done; False if another process is doing it.

    Raises:
      Exception: whatever the kind raises. The job is then not done, and what it wrote stays until
        the next attempt.
    """
    folder, kind = folder_in(workdir, job), kind_of(job.kind)
    with store.locked(lock_of(job, workdir), wait=False) as held:
        if not held or read_record(folder) is not None:
            return held
        part = folder.with_name(f"{folder.name}.part")
        if not kind.resumes:
            shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        rows = [row._replace(job=job.name)._asdict() for row in kind.run(job, part)]
        seconds = time.perf_counter() - start
        record = {"job": job.described(), "rows": rows, "seconds": seconds}
        rows_of(record)  # refuses scores that are not finite, of which there is no interval
        write_json(part / _RECORD, record)
        shutil.rmtree(folder, ignore_errors=True)  # one whose record is damaged
        os.replace(part, folder)
    return True
