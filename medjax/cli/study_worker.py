"""A process that does jobs of a study, one after another, as another process tells it.

It reads a job a line, as JSON, and answers each with a line. It ends with its input, even in the
middle of a job, so that no process outlives a study that was killed.
"""

import functools
import json
import os
import queue
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def main(argv: Sequence[str]) -> None:
    """Does the jobs of the input.

    Args:
      argv: the name of the program, the folder of the study and, to keep to one core, its number.
    """
    workdir, *cores = argv[1:]
    if cores and hasattr(os, "sched_setaffinity"):  # before any library counts the cores
        os.sched_setaffinity(0, map(int, cores))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    while True:
        answer = do_job(json.loads(lines.get()), workdir)
        print(json.dumps(answer), file=answers, flush=True)


def do_job(description: Mapping[str, Any], workdir: str) -> list[str]:
    """Does one job in this process.

    Args:
      description: the job, as JSON.
      workdir: the folder of the study.

    Returns:
      How it ended, see ``study.attempt.Answer``.
    """
    # Imported here, because a pinned process has told its libraries of its core by now.
    from medjax.study.jobs.job import described_job
    from medjax.study.running.attempt import attempt

    _set_up()
    answer = attempt(described_job(description), Path(workdir))
    if "jax" in sys.modules:  # a process cannot hold the compiled programs of hundreds of jobs
        sys.modules["jax"].clear_caches()
    return list(answer)


@functools.cache
def _set_up() -> None:
    """Sets up the process, once: devices cannot be chosen any more after a first job."""
    from medjax.cli import messages, startup

    messages.use_stand_ins()
    messages.show_warnings()
    messages.show_log()
    startup.set_up_jax(os.environ)


def _read(lines: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv)
