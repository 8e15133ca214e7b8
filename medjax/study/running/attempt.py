"""One attempt at a job: what it says goes to a log file, and how it ended is an answer."""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from medjax.study.jobs import performing
from medjax.study.jobs.job import Job

DONE, BUSY, FAILED = "done", "busy", "failed"
"""How an attempt ended: finished; another process is doing the job; failed, with a reason."""
_LOGS = "logs"


class Answer(NamedTuple):
    """How an attempt ended.

    Attributes:
      state: ``DONE``, ``BUSY`` or ``FAILED``.
      reason: why it failed, one line.
    """

    state: str
    reason: str = ""


def attempt(job: Job, workdir: Path) -> Answer:
    """Does a job; its output and the traceback of its error go to a log file.

    Args:
      job: the job, whose needs are finished.
      workdir: the folder of the study.
    """
    log = log_of(job, workdir)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with _opened(log) as stream, _into(stream):
            try:
                return Answer(DONE if performing.perform(job, workdir) else BUSY)
            except Exception as error:
                traceback.print_exc()
                return Answer(FAILED, _line(error))
    except OSError as error:
        return Answer(FAILED, f"cannot write {log}: {error.strerror or error}")


def log_of(job: Job, workdir: Path) -> Path:
    """Returns the file of what a job said."""
    return workdir / _LOGS / f"{job.name}.txt"


def _opened(log: Path) -> TextIO:
    """Opens a log file, which holds each line at once: a process may be killed."""
    return open(log, "a", buffering=1, encoding="utf-8", errors="backslashreplace")


def _line(error: Exception) -> str:
    """Returns an error as one line; the kind of one that is no message of medjax helps."""
    text = " ".join(str(error).split())
    kind = type(error)
    return text if text and kind.__module__.startswith("medjax") else f"{kind.__name__}: {text}"


@contextlib.contextmanager
def _into(stream: TextIO) -> Iterator[None]:
    """Sends standard output and error to a file, those of C by their numbers."""
    kept = [os.dup(number) for number in (1, 2)]
    try:
        _flush()
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            yield
    finally:
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
            os.close(before)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
