"""The folder of a study: which jobs it has, and the table of what is finished."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from medjax import store
from medjax.errors import UserError
from medjax.run.binding import compare
from medjax.run.metrics import write_json
from medjax.study.jobs.job import Job, described_job
from medjax.study.jobs.performing import folder_in, lock_of, read_record, rows_of
from medjax.study.table.rows import Row

_FILE = "study.json"


class Study(NamedTuple):
    """What ``study.json`` holds.

    Attributes:
      config: the settings of the study.
      jobs: all its jobs, in order.
      skipped: why cells have no job, one line each.
    """

    config: Mapping[str, Any]
    jobs: Sequence[Job]
    skipped: Sequence[str]


def write_study(workdir: Path, study: Study) -> None:
    """Writes ``study.json``.

    Raises:
      UserError: if the file cannot be written.
    """
    jobs = [job.described() for job in study.jobs]
    write_json(workdir / _FILE, {**study._asdict(), "jobs": jobs})


def read_study(workdir: Path) -> Study:
    """Reads ``study.json``.

    Raises:
      UserError: if there is no such file, or not of this version.

    Example:
      >>> read_study(Path("nowhere"))
      Traceback (most recent call last):
      medjax.errors.UserError: nowhere is no folder of a study: it has no study.json
    """
    path = workdir / _FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        jobs = [described_job(job) for job in content["jobs"]]
        return Study(dict(content["config"]), jobs, list(map(str, content["skipped"])))
    except FileNotFoundError:
        raise UserError(f"{workdir} is no folder of a study: it has no {_FILE}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error


def finished_rows(jobs: Sequence[Job], workdir: Path) -> list[Row]:
    """Returns the rows of the jobs that are finished, in the order of the jobs.

    Two methods of the same form have the same random images of that form, which count once.
    """
    found: dict[Any, Row] = {}
    for job in jobs:
        record = read_record(folder_in(workdir, job))
        for row in rows_of(record) if record is not None else ():
            found.setdefault(row.key, row)
    return list(found.values())


def bring(workdir: Path, job: Job, *, source: Path) -> bool:
    """Copies the result of a job from another folder of a study, whole or not at all.

    Args:
      workdir: the folder that gets it; a result that it has is kept.
      job: the job.
      source: the other folder.

    Returns:
      Whether the job is finished in ``workdir``.

    Raises:
      UserError: if it cannot be copied.
    """
    ours, theirs = folder_in(workdir, job), folder_in(source, job)
    if read_record(ours) is not None:
        return True
    if read_record(theirs) is None:
        return False
    temporary = ours.with_name(f"{ours.name}.copy")
    try:
        with store.locked(lock_of(job, workdir), wait=False) as held:
            if not held:  # another process is doing it
                return False
            with store.replacing(ours, temporary):
                shutil.copytree(theirs, temporary)
    except (OSError, shutil.Error) as error:
        raise UserError(f"cannot copy {theirs} to {ours}: {error}") from error
    return True


def joined_study(folders: Sequence[Path]) -> Study:
    """Returns the study of which several folders hold parts.

    Args:
      folders: at least one.

    Raises:
      UserError: if one holds no study, or the jobs of another one.
    """
    studies = [read_study(folder) for folder in folders]
    for folder, study in zip(folders, studies, strict=True):
        if study.jobs != studies[0].jobs:
            ours, theirs = study.config, studies[0].config
            why = compare(theirs, ours) or "the data or the code differs"
            raise UserError(f"{folder} is part of another study than {folders[0]}: {why}")
    return studies[0]
