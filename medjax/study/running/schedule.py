"""The order in which jobs are done: by value, each after its needs."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Protocol

from medjax.study.jobs.job import Job
from medjax.study.jobs.performing import folder_in, read_record
from medjax.study.running.attempt import BUSY, FAILED, Answer

# Seconds between two looks at what is left, if other processes do it.
_PAUSE = 0.2


class Place(Protocol):
    """Where jobs are done: ``workers.Workers`` or ``cluster.Cluster``.

    Attributes:
      room: how many jobs it takes at a time.
      again: seconds after which a job that another process does is tried again.
    """

    room: int
    again: float

    def start(self, jobs: list[Job]) -> list["Future[Answer]"]:
        """Starts jobs, at most as many as there is room for."""
        ...


def unfinished(jobs: Iterable[Job], workdir: Path) -> list[Job]:
    """Returns the jobs that have no result yet, in order."""
    return [job for job in jobs if read_record(folder_in(workdir, job)) is None]


def do_jobs(
    jobs: Sequence[Job],
    workdir: Path,
    place: Place,
    *,
    tell: Callable[[Job, Answer], None],
) -> dict[Job, str]:
    """Does what is missing of jobs.

    A job that another process is doing is put off, and looked at again when it may be finished.

    Args:
      jobs: the jobs, the most valuable first; what they need is done before them.
      workdir: the folder of the study.
      place: where they are done.
      tell: is told of each job that is finished or failed.

    Returns:
      The jobs that failed, each with its reason; a job fails with its need.
    """
    jobs = list(dict.fromkeys(one for job in jobs for one in _with_needs(job)))
    left = unfinished(jobs, workdir)
    done, failed = set(jobs).difference(left), dict[Job, str]()
    running: dict[Future[Answer], Job] = {}
    later: dict[Job, float] = {}

    def end(job: Job, answer: Answer) -> None:
        if answer.state == FAILED:
            failed[job] = answer.reason
        else:
            done.add(job)
        tell(job, answer)

    while left or running:
        for job in [job for job in left if not failed.keys().isdisjoint(job.needs)]:
            left.remove(job)
            lost = next(need for need in job.needs if need in failed)
            end(job, Answer(FAILED, f"it needs {lost.title}, which failed"))
        now = time.monotonic()
        ready = [job for job in left if done.issuperset(job.needs) and later.get(job, 0) <= now]
        ready = ready[: place.room - len(running)]
        left = [job for job in left if job not in ready]
        if ready:
            running |= zip(place.start(ready), ready, strict=True)
        for future in wait([*running], timeout=place.again, return_when=FIRST_COMPLETED).done:
            job, answer = running.pop(future), future.result()
            if answer.state == BUSY:
                later[job] = time.monotonic() + place.again
                left.append(job)
            else:
                end(job, answer)
        if left and not running:  # other processes do what is left
            time.sleep(_PAUSE)
    return failed


def _with_needs(job: Job) -> Iterator[Job]:
    """Yields a job behind all that it needs."""
    for need in job.needs:
        yield from _with_needs(need)
    yield job
