"""Output that nobody reads any more, as after ``| head -1``."""

import functools
import os
import select
import sys
from collections.abc import Callable
from typing import ParamSpec, TextIO

CLOSED = 141
"""The exit code of a command whose reader has gone, as a shell reports it."""

_Arguments = ParamSpec("_Arguments")


def ends_quietly(main: Callable[_Arguments, int]) -> Callable[_Arguments, int]:
    """Makes a command end without a word once the reader of its output has gone.

    Args:
      main: the command; it returns its exit status.

    Returns:
      The command; its status is ``CLOSED`` if output was lost.

    Example:
      >>> ends_quietly(lambda argv: len(argv))(["command", "--help"])
      2
    """

    @functools.wraps(main)
    def command(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> int:
        try:
            status = main(*args, **kwargs)
        except BrokenPipeError:
            if not any(map(_has_no_reader, _streams())):  # another pipe than that of the output
                raise
            status = CLOSED
        return status if all([_is_flushed(stream) for stream in _streams()]) else CLOSED

    return command


def _streams() -> list[TextIO]:
    """Returns standard output and error; a process without a console has none."""
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


def _has_no_reader(stream: TextIO) -> bool:
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (AttributeError, OSError):  # Windows has no poll, and a notebook's output no number
        return False


def _is_flushed(stream: TextIO) -> bool:
    """Returns whether all output was written; what could not be is dropped."""
    try:
        stream.flush()
    except BrokenPipeError:
        # Python would try again as it exits, and complain.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        return False
    return True
