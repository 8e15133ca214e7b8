"""How long jobs will take, from the seconds of like jobs, or else by a rule."""

import statistics
from collections.abc import Sequence
from pathlib import Path

from medjax.study.jobs.job import Job
from medjax.study.jobs.kinds import kind_of
from medjax.study.jobs.performing import folder_in, read_record


def estimated_seconds(jobs: Sequence[Job], workdir: Path) -> list[float]:
    """Estimates the seconds of jobs.

    A job takes what the rule of its kind says, times the median of what the finished jobs that are
    likest it took, in parts of their rule: those of the same kind and method on the same data set
    at the same ipc, else at any ipc, else on any data set. Without any, the rule alone holds.

    Args:
      jobs: the jobs, finished or not.
      workdir: the folder of the study.

    Returns:
      The seconds of each, on the machine that did the others.
    """
    rules = _rules(jobs)
    records = {job: read_record(folder_in(workdir, job)) for job in jobs}
    factors: dict[tuple[object, ...], list[float]] = {}
    for job, record in records.items():
        for like in _likes(job):
            if record is not None:
                factors.setdefault(like, []).append(record["seconds"] / rules[job])
    found = []
    for job in jobs:
        like = next((like for like in _likes(job) if like in factors), None)
        found.append(rules[job] * (statistics.median(factors[like]) if like else 1.0))
    return found


def _rules(jobs: Sequence[Job]) -> dict[Job, float]:
    """Returns what the rules say; what several jobs share counts for the first one."""
    found, seen = dict[Job, float](), set[tuple[object, ...]]()
    for job in jobs:
        kind, cell = kind_of(job.kind), (job.kind, job.dataset, job.method, job.seed)
        found[job] = kind.seconds(job) - (kind.shared(job) if cell in seen else 0.0)
        seen.add(cell)
    return found


def _likes(job: Job) -> list[tuple[object, ...]]:
    """Returns what like jobs have in common, the likest first."""
    return [
        (job.kind, job.method, job.dataset, job.ipc),
        (job.kind, job.method, job.dataset),
        (job.kind, job.method),
    ]
