"""The lines that every command prints to standard error, and the exit codes."""

import logging
import sys
import warnings
from typing import Any

DONE = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130
"""Exit codes; a preempted run ends with ``medjax.run.preemption.STATUS``."""


def say(message: object, *, status: int = DONE) -> int:
    """Prints one line to standard error.

    Args:
      message: an error, a warning or a note; printed after ``medjax:``.
      status: the exit code that belongs to it.

    Returns:
      ``status``, so that a command can end with ``return say(error, status=USAGE)``.

    Example:
      >>> say("cannot read scans", status=USAGE)
      2
    """
    print(f"medjax: {message}", file=sys.stderr)
    return status


def show_warnings() -> None:
    """Prints Python's warnings as lines, without their place in the source.

    Example:
      >>> with warnings.catch_warnings():
      ...     show_warnings()
    """
    warnings.showwarning = _show_warning


def show_log() -> None:
    """Prints the log records of medjax as lines, from level ``INFO``.

    Example:
      >>> show_log()
      >>> logging.getLogger("medjax").isEnabledFor(logging.INFO)
      True
    """
    logger = logging.getLogger("medjax")
    logger.handlers, logger.propagate = [_Lines()], False
    logger.setLevel(logging.INFO)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    say(f"warning: {message}")


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())
