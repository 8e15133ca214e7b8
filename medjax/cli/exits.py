"""The frame of every short command: its messages, and the exit codes of its errors."""

import functools
from collections.abc import Callable, Sequence

from medjax.cli import messages, pipes
from medjax.errors import RunError, UserError

Main = Callable[[Sequence[str]], int]
"""A command: its command line, program name first, to its exit status."""


def command(
    *, reword: Callable[[str], str] = str, interrupted: str = "interrupted"
) -> Callable[[Main], Main]:
    """Makes a function a command, whose errors are one line and an exit code.

    Args:
      reword: changes the text of messages, see ``messages.shown``.
      interrupted: what is said after Ctrl-C.

    Returns:
      A decorator. A ``UserError`` and a fault of a disk end the command with ``USAGE``, a
      ``RunError`` with ``FAILED``, Ctrl-C with ``INTERRUPTED``, and output that nobody reads with
      ``pipes.CLOSED``; any other error is a bug and keeps its traceback.

    Example:
      >>> @command()
      ... def main(argv):
      ...     raise UserError(f"--data is missing in {' '.join(argv)}")
      >>> main(["medjax", "data"])  # writes one line to standard error
      2
    """

    def decorate(main: Main) -> Main:
        @pipes.ends_quietly
        @functools.wraps(main)
        def framed(argv: Sequence[str]) -> int:
            with messages.shown(reword=reword):
                try:
                    return main(argv)
                except BrokenPipeError:
                    raise
                except (UserError, OSError) as error:
                    return messages.say(reword(str(error)), status=messages.USAGE)
                except RunError as error:
                    return messages.say(error, status=messages.FAILED)
                except KeyboardInterrupt:
                    return messages.say(interrupted, status=messages.INTERRUPTED)

        return framed

    return decorate
