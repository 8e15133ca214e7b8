"""The errors that reach a user of medjax, each one clear line."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """A mistake that the user can fix: one line with the value and the choices."""


class RunError(RuntimeError):
    """A run that cannot continue, though its settings are valid; its checkpoints stay usable."""


class PreemptedError(RuntimeError):
    """A run that ended on request; the same command resumes it from its last checkpoint."""


def unknown(what: str, value: object, choices: Iterable[str]) -> UserError:
    """Returns the error for a name that is not among the choices.

    Args:
      what: what the name stands for, as in ``"method"``.
      value: the name given.
      choices: every valid name.

    Returns:
      A ``UserError`` naming the value, the nearest choice if one is near, and all choices.

    Example:
      >>> print(unknown("method", "dcc", ["dc", "dm", "dsa"]))
      unknown method 'dcc' (did you mean 'dc'?); choose from: dc, dm, dsa
    """
    choices = list(choices)
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(str(value).lower(), by_lower, n=1)
    hint = f" (did you mean {by_lower[near[0]]!r}?)" if near else ""
    return UserError(f"unknown {what} {value!r}{hint}; choose from: {', '.join(choices)}")
