"""Processes of this machine that do jobs: each takes one job after another."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from medjax.study.jobs.job import Job
from medjax.study.running.attempt import FAILED, Answer

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "JAX_NUM_CPU_DEVICES")


class Workers(contextlib.AbstractContextManager["Workers"]):
    """A place for jobs: processes of this machine.

    A process that dies, as for lack of memory, fails its job alone; another takes its place. All
    processes end with the block, and with this process, whatever ends it.

    Args:
      workdir: the folder of the study.
      module: the module that is run; it reads jobs and answers them, see ``cli.study_worker``.
      count: the number of processes; ``None`` for one process that may use the whole machine,
        otherwise each keeps to one core.

    Attributes:
      room: how many jobs run at a time.
      again: see ``schedule.Place``.
    """

    def __init__(self, workdir: Path, *, module: str, count: int | None):
        self.room, self.again = count or 1, 2.0
        self._threads = ThreadPoolExecutor(self.room)
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        cores = _cores() if count else []
        self._all = [
            _Worker([module, str(workdir), *map(str, cores[i % len(cores) :][:1] if cores else [])])
            for i in range(self.room)
        ]
        for worker in self._all:
            self._free.put(worker)

    def start(self, jobs: list[Job]) -> list["Future[Answer]"]:
        """Starts jobs, at most as many as there is room for."""
        return [self._threads.submit(self._do, job) for job in jobs]

    def _do(self, job: Job) -> Answer:
        worker = self._free.get()
        try:
            return worker.do(job)
        finally:
            self._free.put(worker)

    def __exit__(self, *exception: object) -> None:
        for worker in self._all:
            worker.close()
        self._threads.shutdown()
        for worker in self._all:
            worker.reap()


class _Worker:
    """A process, which is started when there is a first job and after it died."""

    def __init__(self, arguments: list[str]):
        self._arguments, self._process = arguments, None
        self._lock, self._closed = threading.Lock(), False

    def do(self, job: Job) -> Answer:
        """Does a job and waits for it."""
        try:
            process = self._running()
        except OSError as error:
            return Answer(FAILED, f"cannot start a process: {error.strerror or error}")
        if process is None:
            return Answer(FAILED, "the study ended")
        try:
            process.stdin.write(json.dumps(job.described()) + "\n")
            process.stdin.flush()
            return Answer(*json.loads(process.stdout.readline()))
        except (OSError, ValueError):  # it died, and what it said is not an answer
            return Answer(FAILED, f"its process ended with {_status(self.reap())}")

    def close(self) -> None:
        """Ends the process, even in the middle of a job."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def reap(self) -> int:
        """Waits for the end of the process, whose input ends, and returns its status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        with contextlib.suppress(OSError):  # what it did not read is lost with it
            process.communicate()
        return process.returncode

    def _running(self) -> subprocess.Popen | None:
        with self._lock:
            if self._closed:
                return None
            if self._process is None:
                command, *rest = self._arguments
                self._process = subprocess.Popen(
                    [sys.executable, "-m", command, *rest],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    env=_environment(one_core=bool(rest[1:])),
                    start_new_session=True,  # Ctrl-C is for this process alone
                )
            return self._process


def _cores() -> list[int]:
    """Returns the cores that this process may use; none where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _environment(*, one_core: bool) -> dict[str, str]:
    return {**os.environ, **(dict.fromkeys(_ONE_THREAD, "1") if one_core else {})}


def _status(code: int) -> str:
    """Says how a process ended."""
    if code >= 0:
        return f"status {code}"
    name = signal.Signals(-code).name
    return f"{name}, perhaps for lack of memory" if name == "SIGKILL" else name
