"""Flags of a command: parsed with ``--help``, every mistake reported as one line."""

from collections.abc import Sequence

from absl import flags

from medjax.errors import UserError


def parse_flags(values: flags.FlagValues, argv: Sequence[str], *, usage: str) -> bool:
    """Parses a command line that consists of flags.

    Args:
      values: the defined flags; ``--help`` is added.
      argv: the command line, program name first.
      usage: text that ``--help`` prints above the flags.

    Returns:
      Whether the command should run; False after ``--help``, which is printed.

    Raises:
      UserError: for an unknown flag, a wrong value, or an argument that is not a flag.

    Example:
      >>> values = flags.FlagValues()
      >>> parse_flags(values, ["command", "more"], usage="...")
      Traceback (most recent call last):
      medjax.errors.UserError: unexpected argument 'more'; all are flags, see --help
    """
    flags.DEFINE_bool("help", False, "show this help", short_name="h", flag_values=values)
    try:
        rest = values(list(argv))[1:]
    except flags.Error as error:
        raise UserError(str(error).splitlines()[0]) from error
    if values.help:
        print(usage, "\n\n", values.get_help(), sep="")
        return False
    if rest:
        raise UserError(f"unexpected argument {rest[0]!r}; all are flags, see --help")
    return True
