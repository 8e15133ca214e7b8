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
    rest = parse_with_files(values, argv, usage=usage)
    if rest:
        raise UserError(f"unexpected argument {rest[0]!r}; all are flags, see --help")
    return rest is not None


def parse_with_files(
    values: flags.FlagValues, argv: Sequence[str], *, usage: str
) -> list[str] | None:
    """Parses a command line of files and flags in any order.

    Args:
      values: the defined flags; ``--help`` is added.
      argv: the command line, program name first.
      usage: text that ``--help`` prints above the flags.

    Returns:
      The arguments that are no flags; None after ``--help``, which is printed.

    Raises:
      UserError: for an unknown flag or a wrong value.

    Example:
      >>> parse_with_files(flags.FlagValues(), ["command", "a.zip", "b.zip"], usage="...")
      ['a.zip', 'b.zip']
    """
    flags.DEFINE_bool("help", False, "show this help", short_name="h", flag_values=values)
    values.set_gnu_getopt(True)
    try:
        rest = values(list(argv))[1:]
    except flags.Error as error:
        raise UserError(str(error).splitlines()[0]) from error
    if values.help:
        print(usage, "\n\n", values.get_help(), sep="")
        return None
    return rest
