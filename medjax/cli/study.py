"""``python -m medjax.study``: a grid of runs as jobs, with one table and one page of all."""

import importlib
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import flags

from medjax.cli import config_file, exits, messages
from medjax.errors import UserError, printable, unknown
from medjax.store import expand_user, require_writable

_USAGE = """Does the jobs of a study: data sets x methods x images per class x seeds x networks.

  python -m medjax.study --config=configs/study.py --workdir=runs/study --jobs=2
  python -m medjax.study --config=configs/study.py --workdir=runs/study --dry_run
  python -m medjax.study --config=configs/study.py --workdir=/shared/study --cluster=slurm
  python -m medjax.study --config=configs/study.py --workdir=runs/part --shard=0/4
  python -m medjax.study collect runs/part0 runs/part1 --out=runs/study

The same command does what is missing. table.csv has the scores, report.html what they show."""
# Commands of their own, whose modules are imported late.
_COMMANDS = {"collect": "medjax.cli.study_collect"}
_COMMANDS |= {name: f"medjax.cli.study_{name}" for name in ("indicator", "predict")}
_WORKER = "medjax.cli.study_worker"
_SHARD = re.compile(r"(\d+)/(\d+)")
# Seconds between two writings of the table while jobs are done.
_TABLE_EVERY = 60.0


class Options(NamedTuple):
    """The options of a command line.

    Attributes:
      config: the settings of the study, as nested dicts.
      workdir: the folder of the study.
      jobs: the number of processes of one core each; ``None`` for one process on all cores.
      shard: which part of the jobs is done, and of how many.
      cluster: the cluster that does the jobs; empty for this machine.
      dry_run: whether jobs are only listed.
    """

    config: dict[str, Any]
    workdir: Path
    jobs: int | None
    shard: tuple[int, int]
    cluster: str
    dry_run: bool


@exits.command(interrupted="interrupted; the same command does what is missing")
def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first; a command such as ``collect`` may follow it.

    Returns:
      The exit status: 0 all jobs are finished, 1 some failed, 2 usage, 130 interrupted, 141 nobody
      reads the output.
    """
    if argv[1:] and argv[1] in _COMMANDS:
        command: Callable[[Sequence[str]], int] = importlib.import_module(_COMMANDS[argv[1]]).main
        return command([f"{argv[0]} {argv[1]}", *argv[2:]])
    options = parse(argv)
    return messages.DONE if options is None else _run(options)


def parse(argv: Sequence[str]) -> Options | None:
    """Reads the command line.

    Args:
      argv: the command line, program name first.

    Returns:
      The options; ``None`` after ``--help``, which is printed.

    Raises:
      UserError: for every mistake in it.
    """
    values = flags.FlagValues()
    config_file.define(values, argv, example="configs/study.py:tiny")
    flags.DEFINE_string("workdir", None, "folder of the study", flag_values=values)
    jobs = "number of processes, of one core each; unset, one process has the whole machine"
    flags.DEFINE_integer("jobs", None, jobs, lower_bound=1, flag_values=values)
    shard = "i/n: does a part of the jobs, i from 0 to n - 1, which shares nothing with the others"
    flags.DEFINE_string("shard", "0/1", shard, flag_values=values)
    cluster = "cluster of submitit that does the jobs: slurm or local"
    flags.DEFINE_string("cluster", "", cluster, flag_values=values)
    flags.DEFINE_bool("dry_run", False, "list the jobs and their time", flag_values=values)
    rest = config_file.parse(values, argv, usage=_USAGE)
    return None if rest is None else _checked(values, rest)


def _checked(values: flags.FlagValues, rest: Sequence[str]) -> Options:
    from medjax.study.running.cluster import CLUSTERS

    if rest:
        raise unknown("command of medjax.study", rest[0], _COMMANDS)
    for name in ("config", "workdir"):
        if not values[name].value:
            raise UserError(f"--{name} is missing, as in --config=configs/study.py --workdir=study")
    shard = _SHARD.fullmatch(values.shard)
    if shard is None or int(shard[1]) >= int(shard[2]):
        raise UserError(f"--shard takes i/n with i from 0 to n - 1, got {values.shard}")
    if values.cluster and values.cluster not in CLUSTERS:
        raise unknown("cluster", values.cluster, CLUSTERS)
    if values.cluster and values.jobs:
        raise UserError("--jobs is for this machine; a cluster takes config.cluster.cpus_per_task")
    workdir, part = expand_user(values.workdir), (int(shard[1]), int(shard[2]))
    config = values.config.to_dict()
    return Options(config, workdir, values.jobs, part, values.cluster, values.dry_run)


def _run(options: Options) -> int:
    # Imported late, so that --help and a wrong command line are answered at once.
    from medjax.study import listing
    from medjax.study.grid import grid
    from medjax.study.table import results
    from medjax.study.table.folder import Study, write_study

    made = listing.list_jobs(options.config)
    jobs = grid.shard(made.jobs, *options.shard)
    for line in made.skipped:
        messages.say(line)
    if options.dry_run:
        return _list(jobs, options)
    require_writable(options.workdir / "table.csv")
    study = Study(options.config, made.jobs, made.skipped)
    write_study(options.workdir, study)
    failed = _do(jobs, study, options)
    rows = results.write_results(options.workdir, study, failed=failed)
    return tell_results(options.workdir, rows, done=len(jobs) - len(failed), of=len(jobs))


def tell_results(workdir: Path, rows: Sequence[Any], *, done: int, of: int) -> int:
    """Prints what a study shows, and returns its exit code.

    Args:
      workdir: the folder of the study.
      rows: the rows of the table.
      done: how many jobs are finished.
      of: how many there are.
    """
    from medjax.study.report.page import METRICS, part_of

    for sentence in part_of(rows, METRICS[0]).sentences:
        print(sentence)
    print(f"{done} of {of} jobs are finished.")
    print(f"{printable(workdir / 'report.html')} shows what is there.")
    return messages.DONE if done == of else messages.FAILED


def _do(jobs: Sequence[Any], study: Any, options: Options) -> dict[Any, str]:
    """Does what is missing, writes the table now and then, and returns what failed."""
    from medjax.study.running import schedule
    from medjax.study.running.progress import Progress
    from medjax.study.table import results

    left, written = len(schedule.unfinished(jobs, options.workdir)), time.monotonic()
    if not left:
        return {}
    with _place(options) as place, Progress(len(jobs), done=len(jobs) - left) as progress:

        def tell(job: Any, answer: Any) -> None:
            nonlocal written
            progress.tell(job, answer)
            if time.monotonic() - written > _TABLE_EVERY:
                results.write_results(options.workdir, study)
                written = time.monotonic()

        return schedule.do_jobs(jobs, options.workdir, place, tell=tell)


def _place(options: Options) -> Any:
    from medjax.cli.study_worker import do_job
    from medjax.study.running.cluster import Cluster
    from medjax.study.running.workers import Workers

    if options.cluster:
        chosen = options.config["cluster"]
        return Cluster(options.workdir, name=options.cluster, do_job=do_job, options=chosen)
    return Workers(options.workdir, module=_WORKER, count=options.jobs)


def _list(jobs: Sequence[Any], options: Options) -> int:
    """Prints the jobs that are missing and their estimated time."""
    from medjax.run.report.prose import duration
    from medjax.study.jobs.estimate import estimated_seconds
    from medjax.study.running import schedule

    left = set(schedule.unfinished(jobs, options.workdir))
    total = 0.0
    for job, seconds in zip(jobs, estimated_seconds(jobs, options.workdir), strict=True):
        if job in left:
            total += seconds
            print(f"{job.name}  {duration(seconds):>10}  {job.title}")
    cores = options.jobs or 1
    print(f"{len(left)} of {len(jobs)} jobs are missing: about {duration(total / cores)}.")
    return messages.DONE
