"""Commands behind one name: a table of them, their list for ``--help``, and the choice of one."""

from collections.abc import Iterable, Mapping

from medjax.errors import UserError, unknown

Table = Mapping[str, tuple[str, str]]
"""The module and the purpose of each command; modules are imported late."""


def listed(table: Table) -> Iterable[str]:
    """Yields a line for each command.

    Args:
      table: the commands.

    Example:
      >>> list(listed({"data": ("medjax.cli.data", "describes a data set")}))
      ['  data       describes a data set']
    """
    return (f"  {name:<10} {purpose}" for name, (_, purpose) in table.items())


def module_of(name: str | None, table: Table) -> str:
    """Returns the name of the module of a command.

    Args:
      name: the command; ``None`` if none was given.
      table: the commands.

    Raises:
      UserError: if there is no such command.

    Example:
      >>> module_of(None, {"data": ("medjax.cli.data", "describes a data set")})
      Traceback (most recent call last):
      medjax.errors.UserError: no command given; choose from: data
    """
    if name is None:
        raise UserError(f"no command given; choose from: {', '.join(table)}")
    if name not in table:
        raise unknown("command", name, table)
    return table[name][0]
