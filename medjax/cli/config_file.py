"""The flag ``--config``: a file of settings, settings in place of its own, and its mistakes."""

import os
import runpy
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import absl
import ml_collections
from absl import flags
from ml_collections import ConfigDict, config_flags
from ml_collections.config_flags.config_flags import ConfigFileFlagParser

from medjax import store
from medjax.errors import UserError

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


def define(values: flags.FlagValues, argv: Sequence[str], *, example: str) -> None:
    """Defines ``--config``.

    Args:
      values: the flags of a command.
      argv: the command line, program name first, which names the keys that it overrides.
      example: a config file, for the help.
    """
    config_flags.DEFINE_config_file(
        "config",
        None,
        f"config file, as in {example}",
        flag_values=values,
        sys_argv=list(argv),
    )
    values["config"].parser = _ConfigParser("config")


def parse(values: flags.FlagValues, argv: Sequence[str], *, usage: str) -> list[str] | None:
    """Parses a command line with a config file.

    Args:
      values: the defined flags; ``--help`` is added.
      argv: the command line, program name first.
      usage: text that ``--help`` prints above the flags.

    Returns:
      The arguments that are no flags; ``None`` after ``--help``, which is printed.

    Raises:
      UserError: for every mistake in it. If the code of the config file raised another error,
        its traceback has been printed to standard error.
    """
    flags.DEFINE_bool("help", False, "show this help", short_name="h", flag_values=values)
    try:
        rest: list[str] = values(list(argv))[1:]
        if values.help:
            print(usage, "\n\n", values.get_help(), sep="")
            return None
        return rest
    except (UserError, BrokenPipeError):
        raise
    except Exception as error:  # a config file may raise anything
        explained = _explained(error)
        if explained is error:
            raise
        raise explained from error


def overrides(values: flags.FlagValues) -> Mapping[str, Any]:
    """Returns the settings that the command line gives in place of the file's, by dotted key."""
    found: Mapping[str, Any] = config_flags.get_override_values(values["config"])
    return found


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
