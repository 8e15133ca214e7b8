"""The launcher's command line: absl flags over an ml_collections config file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import flags
from ml_collections import ConfigDict, config_flags

from medjax.errors import UserError
from medjax.parallel import Cluster

_USAGE = """Distils a data set as a config file says, and reports what the result is worth.

  python -m medjax.launch --config=configs/dm.py:breastmnist,quick --workdir=runs/breast
  python -m medjax.launch --config=configs/dm.py:breastmnist --config.ipc=5 --workdir=runs/five

Running the same command again goes on from the last checkpoint."""


class Options(NamedTuple):
    """What a command line says.

    Attributes:
      config: the settings, as nested dicts.
      workdir: folder for everything the run writes.
      distributed: whether this process is one of several: ``auto``, ``on`` or ``off``.
      cluster: which ones, where that is said.
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
      The options; ``None`` where help was asked for, and printed.

    Raises:
      UserError: for whatever is wrong with it.
    """
    values = flags.FlagValues()
    config_flags.DEFINE_config_file(
        "config",
        None,
        "config file, as in configs/dm.py:breastmnist,quick",
        flag_values=values,
        sys_argv=list(argv),
    )
    flags.DEFINE_string("workdir", None, "folder for everything the run writes", flag_values=values)
    flags.DEFINE_string(
        "distributed",
        "auto",
        "one of several processes: auto (as SLURM, mpirun, a TPU pod or MEDJAX_COORDINATOR say), "
        "on, off",
        flag_values=values,
    )
    flags.DEFINE_string("coordinator", None, "host:port of process 0", flag_values=values)
    flags.DEFINE_integer("num_processes", None, "how many there are", flag_values=values)
    flags.DEFINE_integer("process_id", None, "which one this is, from 0", flag_values=values)
    flags.DEFINE_bool("help", False, "show this", short_name="h", flag_values=values)
    try:
        rest = values(list(argv))[1:]
        if values.help:
            print(_USAGE, "\n\n", values.get_help(), sep="")
            return None
        return _checked(values, rest)
    except UserError:
        raise
    # What a config file raises arrives here too, wrapped by the flags library.
    except (flags.Error, AttributeError, KeyError, ValueError, TypeError, OSError) as error:
        raise UserError(_reason(error)) from error


def _checked(values: flags.FlagValues, rest: Sequence[str]) -> Options:
    if rest:
        raise UserError(f"unexpected argument {rest[0]!r}; flags are --config and --workdir")
    for name in ("config", "workdir"):
        if not values[name].value:
            raise UserError(f"--{name} is missing, as in --config=configs/dm.py --workdir=runs/dm")
    if not isinstance(values.config, ConfigDict):
        path = config_flags.get_config_filename(values["config"])
        raise UserError(f"cannot read the config file {path!r}")
    cluster = Cluster(values.coordinator, values.num_processes, values.process_id)
    return Options(values.config.to_dict(), Path(values.workdir), values.distributed, cluster)


def _reason(error: BaseException) -> str:
    """One line: what a config file itself said, or what the flags library makes of it."""
    said, link = None, error
    while link is not None:  # the innermost: the library repeats the error with its traceback
        said = str(link) if isinstance(link, UserError) else said
        link = link.__cause__ or link.__context__
    if said:
        return said
    text = str(error.args[0] if error.args else error)
    if isinstance(error, AttributeError):  # its text is a quoted KeyError's
        text = "unknown config key " + text.strip("'").replace("\\'", "'").replace("\\n", "; ")
    return text.strip().splitlines()[-1]
