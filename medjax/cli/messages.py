"""The lines of the commands on standard error, and the exit codes."""

import codecs
import contextlib
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from medjax.errors import printable

DONE = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130
"""Exit codes; a preempted run ends with ``medjax.run.preemption.STATUS``."""

_STAND_INS = {"·": ".", "×": "x", "–": "-", "−": "-", "±": "+-", "≤": "<=", "…": "..."}


def say(message: object, *, status: int = DONE) -> int:
    """Prints one line to standard error.

    Args:
      message: an error, a warning or a note; printed after ``medjax:``. Line ends and control codes
        in it, as names of files may hold them, are escaped.
      status: the exit code that belongs to it.

    Returns:
      ``status``, so that a command can end with ``return say(error, status=USAGE)``.

    Example:
      >>> say("cannot read scans", status=USAGE)
      2
    """
    print(f"medjax: {printable(message)}", file=sys.stderr)
    return status


def use_stand_ins() -> None:
    """Lets the output be of any encoding: stand-ins replace the characters that it lacks.

    Example:
      >>> use_stand_ins()
      >>> "28×28".encode("ascii", errors="medjax")
      b'28x28'
    """
    codecs.register_error("medjax", _stand_in)
    for stream in _encoded_streams():
        stream.reconfigure(errors="medjax")


def _encoded_streams() -> list[Any]:
    """Returns standard output and error, unless they have no encoding, as those of a notebook."""
    return [stream for stream in (sys.stdout, sys.stderr) if hasattr(stream, "reconfigure")]


def _stand_in(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    error.end = error.start + 1
    known = _STAND_INS.get(error.object[error.start])
    return (known, error.end) if known else codecs.backslashreplace_errors(error)


def show_warnings(*, reword: Callable[[str], str] = str) -> None:
    """Prints Python's warnings as lines, without their place in the source.

    Args:
      reword: changes the text, because a setting may have another name in this command.

    Example:
      >>> with warnings.catch_warnings():
      ...     show_warnings()
    """

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        say(f"warning: {reword(str(message))}")

    warnings.showwarning = show


def show_log(*, level: int = logging.INFO, reword: Callable[[str], str] = str) -> None:
    """Prints the log records of medjax as lines.

    Args:
      level: the least level that is printed.
      reword: see ``show_warnings``.

    Example:
      >>> show_log()
      >>> logging.getLogger("medjax").isEnabledFor(logging.INFO)
      True
    """
    logger = logging.getLogger("medjax")
    logger.handlers, logger.propagate = [_Lines(reword)], False
    logger.setLevel(level)


@contextlib.contextmanager
def shown(*, reword: Callable[[str], str] = str) -> Iterator[None]:
    """Prints Python's warnings, and log records from level ``WARNING``, as lines of one command.

    Args:
      reword: see ``show_warnings``.

    Yields:
      None. The process is left as it was, because a notebook may run the command as a function.

    Example:
      >>> with shown(reword=str.upper):
      ...     logging.getLogger("medjax").info("of no interest in a short command")
    """
    logger = logging.getLogger("medjax")
    handlers, propagate, level = logger.handlers, logger.propagate, logger.level
    streams = [(stream, stream.errors) for stream in _encoded_streams()]
    use_stand_ins()
    with warnings.catch_warnings():
        show_warnings(reword=reword)
        show_log(level=logging.WARNING, reword=reword)
        try:
            yield
            for stream, _ in streams:  # below, it would not be noticed that nobody reads
                stream.flush()
        finally:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
            for stream, errors in streams:
                with contextlib.suppress(OSError):  # flushes; the reader of a pipe may be gone
                    stream.reconfigure(errors=errors)


class _Lines(logging.Handler):
    def __init__(self, reword: Callable[[str], str]) -> None:
        super().__init__()
        self._reword = reword

    def emit(self, record: logging.LogRecord) -> None:
        say(self._reword(record.getMessage()))
