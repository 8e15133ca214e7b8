"""What the commands' flags have in common: help, and one line for whatever is wrong."""

from collections.abc import Sequence

from absl import flags

from medjax.errors import UserError


def parse_flags(values: flags.FlagValues, argv: Sequence[str], *, usage: str) -> bool:
    """Reads a command line that has nothing but flags.

    Args:
      values: the flags, defined; ``--help`` is added.
      argv: the command line, program name first.
      usage: what ``--help`` prints above the flags.

    Returns:
      Whether there is anything to do; not after ``--help``, which is printed.

    Raises:
      UserError: for an unknown flag, a wrong value, or an argument that is no flag.

    Example:
      >>> values = flags.FlagValues()
      >>> parse_flags(values, ["command", "more"], usage="...")
      Traceback (most recent call last):
      medjax.errors.UserError: unexpected argument 'more'; all are flags, see --help
    """
    flags.DEFINE_bool("help", False, "show this", short_name="h", flag_values=values)
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
