"""A cluster that does jobs, through submitit."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from medjax.errors import UserError
from medjax.study.jobs.job import Job
from medjax.study.running.attempt import FAILED, Answer

CLUSTERS = ("slurm", "local")
"""The clusters of submitit: SLURM, and processes of this machine."""
# Seconds between two looks at the jobs of the cluster.
_EVERY = 0.5
_FOLDER = "submitit"


class Cluster(contextlib.AbstractContextManager["Cluster"]):
    """A place for jobs: a cluster. Jobs that are submitted together become one array.

    Jobs that wait or run are cancelled at the end of the block if it raises.

    Args:
      workdir: the folder of the study, which all machines of the cluster share.
      name: one of ``CLUSTERS``.
      do_job: ``(description, workdir) -> answer``, run on the cluster, see ``cli.study_worker``.
      options: of submitit's ``AutoExecutor``; empty ones are not set.

    Attributes:
      room: how many jobs may be submitted.
      again: see ``schedule.Place``.

    Raises:
      UserError: if submitit is missing, or refuses an option.
    """

    def __init__(
        self,
        workdir: Path,
        *,
        name: str,
        do_job: Callable[[Mapping[str, Any], str], list[str]],
        options: Mapping[str, Any],
    ):
        self.room, self.again = 10**6, 60.0
        self._do_job, self._workdir = do_job, str(workdir.absolute())
        self._executor = _executor(workdir / _FOLDER, name, options)
        self._open: list[tuple[Any, Future[Answer]]] = []
        self._lock, self._closed = threading.Lock(), False
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def start(self, jobs: list[Job]) -> list["Future[Answer]"]:
        """Submits jobs."""
        with self._executor.batch():
            submitted = [
                self._executor.submit(self._do_job, job.described(), self._workdir) for job in jobs
            ]
        futures: list[Future[Answer]] = [Future() for _ in jobs]
        with self._lock:
            self._open += zip(submitted, futures, strict=True)
        return futures

    def _watch(self) -> None:
        while not self._closed:
            with self._lock:
                done = [pair for pair in self._open if _is_done(pair[0])]
                self._open = [pair for pair in self._open if pair not in done]
            for submitted, future in done:
                future.set_result(_answer(submitted))
            time.sleep(_EVERY)

    def __exit__(self, *exception: object) -> None:
        self._closed = True
        self._watcher.join()
        for submitted, future in self._open:
            submitted.cancel()
            future.set_result(Answer(FAILED, "the study ended"))


def _is_done(submitted: Any) -> bool:
    try:
        return bool(submitted.done())
    except Exception:  # of a cluster that does not answer now; whatever it is, it may pass
        return False


def _answer(submitted: Any) -> Answer:
    try:
        return Answer(*submitted.result())
    except Exception as error:  # submitit's own, of a job that a cluster ended
        return Answer(FAILED, f"{' '.join(str(error).split())[:200]} ({submitted.paths.stderr})")


def _executor(folder: Path, name: str, options: Mapping[str, Any]) -> Any:
    try:
        import submitit
    except ImportError as error:
        raise UserError(f"--cluster={name} needs submitit: pip install -e '.[slurm]'") from error
    try:
        executor = submitit.AutoExecutor(folder=folder, cluster=name)
        executor.update_parameters(**{k: v for k, v in options.items() if v})
    except (RuntimeError, NameError, TypeError, ValueError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise UserError(f"--cluster={name}: {lines[0]}") from error
    return executor
