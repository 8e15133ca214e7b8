"""The progress of a study: a bar over its jobs on a terminal, a line for each job elsewhere."""

import contextlib
import sys
from typing import TextIO

from tqdm import tqdm

from medjax.errors import printable
from medjax.study.jobs.job import Job
from medjax.study.running.attempt import FAILED, Answer


class Progress(contextlib.AbstractContextManager["Progress"]):
    """The progress of a study.

    Args:
      total: the number of jobs.
      done: the number of jobs that were finished before.
      stream: the output, by default standard error.

    Example:
      >>> job = Job("distil", "x", "dm", 1, 0, {}, data="1f", source="2e")
      >>> with Progress(9, done=2, stream=sys.stdout) as progress:
      ...     progress.tell(job, Answer("done"))
      ...     progress.tell(job, Answer("failed", "no data file x.npz"))
      3/9 x · dm · ipc 1 · seed 0
      4/9 x · dm · ipc 1 · seed 0 failed: no data file x.npz
    """

    def __init__(self, total: int, *, done: int, stream: TextIO | None = None):
        self._stream = stream or sys.stderr
        self._total, self._done, self._bar = total, done, None
        if self._stream.isatty():
            self._bar = tqdm(total=total, initial=done, file=self._stream, unit="job")

    def tell(self, job: Job, answer: Answer) -> None:
        """Counts a job, and says if it failed."""
        self._done += 1
        failed = f" failed: {answer.reason}" if answer.state == FAILED else ""
        if self._bar is None:
            line = f"{self._done}/{self._total} {job.title}{failed}"
            print(printable(line), file=self._stream, flush=True)
            return
        if failed:
            self._bar.write(printable(f"{job.title}{failed}"), file=self._stream)
        self._bar.set_postfix_str(job.title, refresh=False)
        self._bar.update()

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()
