"""The launcher's command line: absl flags over an ml_collections config file."""

import os
import runpy
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import absl
import ml_collections
from absl import flags
from ml_collections import ConfigDict, config_flags
from ml_collections.config_flags.config_flags import ConfigFileFlagParser

from medjax import store
from medjax.errors import UserError
from medjax.parallel import Cluster
from medjax.run import parity

# Code between the command line and a config file; absl is a namespace package with several paths.
_NOT_THE_USERS = (
    str(Path(__file__).resolve().parents[1]),
    "<frozen ",
    *absl.__path__,
    *ml_collections.__path__,
    sysconfig.get_path("stdlib"),
)
# The errors of the flags library for a wrong command line.
_FLAG_ERRORS = (flags.Error, AttributeError, KeyError, ValueError, TypeError, OSError)
_NO_FILE = "<unknown>"  # of a SyntaxError in the value of a flag, which Python reads as a literal
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


class _ConfigParser(ConfigFileFlagParser):
    """The parser of a config file; it raises at once the OSErrors that ml_collections defers."""

    def parse(self, path: str) -> ConfigDict:
        drive, rest = os.path.splitdrive(path)  # Windows: its colon is not the config's
        file, colon, arg = rest.partition(":")
        file = os.path.relpath(drive + file) if drive else str(store.expand_user(file))
        config = super().parse(file + colon + arg)
        if isinstance(config, ConfigDict):
            return config
        try:
            open(file).close()
        except OSError as error:
            raise UserError(f"cannot read the config file {file!r}") from error
        runpy.run_path(file)  # raises an error of the file's top level
        getattr(config, "lock", None)  # raises an error of get_config
        raise UserError(f"get_config in {file!r} must return a ConfigDict, got {config!r}")


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
    config_flags.DEFINE_config_file(
        "config",
        None,
        "config file, as in configs/dm.py:breastmnist,quick",
        flag_values=values,
        sys_argv=list(argv),
    )
    values["config"].parser = _ConfigParser("config")
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
    flags.DEFINE_bool("help", False, "show this help", short_name="h", flag_values=values)
    try:
        rest = values(list(argv))[1:]
        if values.help:
            print(_USAGE, "\n\n", values.get_help(), sep="")
            return None
        return _checked(values, rest)
    except (UserError, BrokenPipeError):
        raise
    except Exception as error:  # a config file may raise anything
        explained = _explained(error)
        if explained is error:
            raise
        raise explained from error


def _checked(values: flags.FlagValues, rest: Sequence[str]) -> Options:
    if rest:
        raise UserError(f"unexpected argument {rest[0]!r}; flags are --config and --workdir")
    for name in ("config", "workdir"):
        if not values[name].value:
            raise UserError(f"--{name} is missing, as in --config=configs/dm.py --workdir=runs/dm")
    cluster = Cluster(values.coordinator, values.num_processes, values.process_id)
    workdir = store.expand_user(values.workdir)
    given = config_flags.get_override_values(values["config"])
    if "evaluation.parity" in given:  # not yet known when the config was made
        parity.settle(values.config, given=given)
    return Options(values.config.to_dict(), workdir, values.distributed, cluster)


def _explained(error: Exception) -> Exception:
    """Returns the error to raise; prints the traceback of an error in the user's code."""
    links = list(_chain(error))
    said = [link for link in links if isinstance(link, UserError)]
    if said:  # the innermost, because the flags library repeats it with a traceback
        return UserError(str(said[-1]))
    for link in reversed(links):
        trace = _in_user_code(link.__traceback__)
        if trace is not None or (isinstance(link, SyntaxError) and link.filename != _NO_FILE):
            lines = traceback.format_exception(type(link), link, trace, chain=False)
            sys.stderr.write("".join(lines))
            return UserError(f"the config file raised {type(link).__name__}, see the lines above")
    if not isinstance(error, _FLAG_ERRORS):
        return error
    text = str(error.args[0] if error.args else error)
    if isinstance(error, AttributeError):  # its text is a quoted KeyError's
        text = "unknown config key " + text.strip("'").replace("\\'", "'").replace("\\n", "; ")
    return UserError(text.strip().splitlines()[-1])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _in_user_code(trace: TracebackType | None) -> TracebackType | None:
    """Returns the part of a traceback from the user's code on; ``None`` if there is none."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_NOT_THE_USERS):
        trace = trace.tb_next
    return trace
