"""The launcher's command line: absl flags over an ml_collections config file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import flags

from medjax import store
from medjax.cli import config_file
from medjax.errors import UserError
from medjax.parallel import Cluster

_USAGE = """Distils a data set with the settings of a config file, and reports the scores.

  python -m medjax.launch --config=configs/dm.py:breastmnist,quick --workdir=runs/breast
  python -m medjax.launch --config=configs/dm.py:breastmnist --config.ipc=5 --workdir=runs/five
  python -m medjax.launch --config=configs/dm.py:breastmnist --config.seeds=5 --workdir=runs/seeds

The same command resumes a stopped run from its last checkpoint."""


class Options(NamedTuple):
    """The options of a command line.

    Attributes:
      config: the settings, as nested dicts.
      workdir: folder for everything the run writes.
      distributed: whether this process is one of several: ``auto``, ``on`` or ``off``.
      cluster: the processes that the command line names.
    """

    config: dict[str, Any]
    workdir: Path
    distributed: str
    cluster: Cluster


def parse(argv: Sequence[str]) -> Options | None:
    """Reads the command line.

    Args:
      argv: the command line, program name first.

    Returns:
      The options; ``None`` after ``--help``, which is printed.

    Raises:
      UserError: for every mistake in it. If the code of the config file raised another error,
        its traceback has been printed to standard error.
    """
    values = flags.FlagValues()
    config_file.define(values, argv, example="configs/dm.py:breastmnist,quick")
    flags.DEFINE_string("workdir", None, "folder for everything the run writes", flag_values=values)
    flags.DEFINE_string(
        "distributed",
        "auto",
        "one of several processes: on, off, auto (SLURM, mpirun, a TPU pod, MEDJAX_COORDINATOR)",
        flag_values=values,
    )
    flags.DEFINE_string("coordinator", None, "host:port of process 0", flag_values=values)
    flags.DEFINE_integer("num_processes", None, "number of processes", flag_values=values)
    flags.DEFINE_integer("process_id", None, "number of this process, from 0", flag_values=values)
    rest = config_file.parse(values, argv, usage=_USAGE)
    return None if rest is None else _checked(values, rest)


def _checked(values: flags.FlagValues, rest: Sequence[str]) -> Options:
    if rest:
        raise UserError(f"unexpected argument {rest[0]!r}; flags are --config and --workdir")
    for name in ("config", "workdir"):
        if not values[name].value:
            raise UserError(f"--{name} is missing, as in --config=configs/dm.py --workdir=runs/dm")
    if "datasets" in values.config:
        raise UserError("this is the config of a study, which python -m medjax.study runs")
    cluster = Cluster(values.coordinator, values.num_processes, values.process_id)
    workdir = store.expand_user(values.workdir)
    given = config_file.overrides(values)
    if "evaluation.parity" in given:  # not yet known when the config was made
        from medjax.run.config import parity  # late, because --help needs none of its libraries

        parity.settle(values.config, given=given)
    return Options(values.config.to_dict(), workdir, values.distributed, cluster)
