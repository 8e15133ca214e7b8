"""Kills a study at random moments, and compares what it leaves with an undisturbed one.

    python benchmarks/study_kill.py
    python benchmarks/study_kill.py --real --longest=60

does a grid of jobs that cost nothing, in seconds; with ``--real``, the grid of
``configs/study.py:tiny`` by the command and two workers, in minutes. SIGKILL ends it ten times,
each after a random part of ``--longest`` seconds, then it runs to the end. A job that was finished
at a kill must not be done again or be lost, and the table must be that of an undisturbed study, but
for the seconds of real jobs. The exit code is 1 if not.
"""

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from medjax.study.jobs import performing
from medjax.study.jobs.job import Job
from medjax.study.running import schedule
from medjax.study.running.attempt import attempt
from medjax.study.table.rows import table_text

ROOT = Path(__file__).resolve().parents[1]
KIND = "benchmarks.counting_job"
# The seconds of a cheap job, and the number of jobs.
SECONDS, COUNT = 0.05, 24
# Seconds in which the processes of a killed study end.
END = 1.0


class _Here:
    """A place that does one job at a time in this process."""

    room, again = 1, 1.0

    def __init__(self, workdir: Path):
        self._workdir = workdir

    def start(self, found):
        from concurrent.futures import Future

        future = Future()
        future.set_result(attempt(found[0], self._workdir))
        return [future]


def cheap(workdir: Path) -> None:
    """Does the jobs that cost nothing."""
    schedule.do_jobs(cheap_jobs(), workdir, _Here(workdir), tell=lambda *_: None)


def cheap_jobs() -> list[Job]:
    """Returns jobs that cost nothing, each third of which needs the one before."""
    made: list[Job] = []
    settings = {"log": os.devnull, "sleep": SECONDS}
    for seed in range(COUNT):
        needs = tuple(made[-1:]) if seed % 3 == 2 else ()
        cell = "made-up", "dm", 1, seed
        made.append(performing.make_job(KIND, cell, settings, data="", needs=needs))
    return made


def command(workdir: Path, *, real: bool) -> list[str]:
    """Returns the command that does a study."""
    if not real:
        return [sys.executable, __file__, f"--child={workdir}"]
    flags = [f"--config={ROOT / 'configs' / 'study.py'}:tiny", f"--workdir={workdir}", "--jobs=2"]
    return [sys.executable, "-m", "medjax.study", *flags]


def environment(workdir: Path, options: argparse.Namespace) -> dict[str, str]:
    """Returns the environment of a study, by default with a cache of its own."""
    return {**os.environ, "MEDJAX_CACHE_DIR": options.cache or f"{workdir}_cache"}


def finished(workdir: Path) -> dict[str, int]:
    """Returns when each job was finished, in nanoseconds, by its name."""
    found = {}
    for path in workdir.glob("jobs/*/job.json"):
        if path.parent.suffix == "" and performing.read_record(path.parent) is not None:
            found[path.parent.name] = path.stat().st_mtime_ns
    return found


def table(workdir: Path, *, real: bool) -> list[dict[str, str]]:
    """Returns the rows of a table, of real jobs without their seconds."""
    if real:
        text = (workdir / "table.csv").read_text(encoding="utf-8")
        return [{**row, "seconds": ""} for row in csv.DictReader(text.splitlines())]
    records = [performing.read_record(performing.folder_in(workdir, job)) for job in cheap_jobs()]
    rows = [row for record in records if record for row in performing.rows_of(record)]
    return list(csv.DictReader(table_text(rows).splitlines()))


def disturbed(workdir: Path, options: argparse.Namespace) -> list[dict[str, int]]:
    """Kills a study at random moments and then lets it end.

    Returns:
      What was finished after each kill and at the end, see ``finished``.
    """
    drawn, seen = random.Random(options.seed), []
    for number in range(options.kills):
        workdir.mkdir(exist_ok=True)
        seconds = drawn.uniform(0, options.longest)
        line = command(workdir, real=options.real)
        with subprocess.Popen(
            line, env=environment(workdir, options), stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(seconds)
            process.kill()
        time.sleep(END)
        seen.append(finished(workdir))
        print(f"kill {number + 1} after {seconds:.1f} s: {len(seen[-1])} jobs finished", flush=True)
    undisturbed(workdir, options)
    return [*seen, finished(workdir)]


def undisturbed(workdir: Path, options: argparse.Namespace) -> None:
    """Does a study to the end."""
    line = command(workdir, real=options.real)
    subprocess.run(line, env=environment(workdir, options), stdout=subprocess.DEVNULL, check=True)


def faults(seen: Sequence[dict[str, int]]) -> list[str]:
    """Returns what is wrong: jobs that were lost or done again after they were finished."""
    found, last = [], seen[-1]
    for name, when in {k: v for state in reversed(seen[:-1]) for k, v in state.items()}.items():
        if name not in last:
            found.append(f"{name} was finished and is lost")
        elif last[name] != when:
            found.append(f"{name} was finished and was done again")
    return found


def main() -> int:
    """Kills a study and compares it with another one; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", action="store_true", help="the tiny grid of real jobs")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--longest", type=float, default=2.0, help="seconds until a kill")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", help="folder of what cells share, to shorten real jobs")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        options.child.mkdir(exist_ok=True)
        cheap(options.child)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder, other = Path(name, "disturbed"), Path(name, "undisturbed")
        seen = disturbed(folder, options)
        undisturbed(other, options)
        rows, wrong = table(folder, real=options.real), faults(seen)
        if rows != table(other, real=options.real) or not rows:
            wrong.append("the tables differ")
    during = [len(state) for state in seen[:-1] if state]
    print(f"{len(seen[-1])} jobs; finished at kills: {', '.join(map(str, during)) or 'none'}")
    print(*(wrong or ["nothing was lost or done again, and the tables are the same"]), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
