"""The one bundle that a command is about."""

import pathlib
from collections.abc import Sequence

from medjax.errors import UserError
from medjax.store import expand_user


def only(files: Sequence[str], *, command: str) -> pathlib.Path:
    """Returns the path of the bundle that a command line names.

    Args:
      files: the arguments that are no flags.
      command: the command, for its message.

    Raises:
      UserError: if there is none, or several.

    Example:
      >>> only([], command="verify")
      Traceback (most recent call last):
      medjax.errors.UserError: verify needs one bundle, as in verify site_a.zip; got 0
    """
    if len(files) != 1:
        raise UserError(f"{command} needs one bundle, as in {command} site_a.zip; got {len(files)}")
    return expand_user(files[0])
