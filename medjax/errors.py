"""The errors that reach a user of medjax, each one clear line."""

import difflib
import unicodedata
from collections.abc import Iterable

# Controls, line ends, undecodable bytes, and marks that change the direction of text.
_ESCAPED = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # of category Cf, but letters of Persian and Indic words need them


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


def some(names: Iterable[str], *, most: int, between: str = ", ") -> str:
    """Returns the first of several names, and the number of the others, for a message.

    Args:
      names: the names in order.
      most: how many of them are written.
      between: what stands between two names.

    Example:
      >>> some("abcde", most=3), some("abc", most=3)
      ('a, b, c and 2 more', 'a, b, c')
    """
    names = list(names)
    left = len(names) - most
    return between.join(names[:most]) + (f" and {left:,} more" if left > 0 else "")


def printable(text: object) -> str:
    r"""Returns text as one line without control codes, as names of files may hold them.

    Args:
      text: a message or a name; other objects are turned into text.

    Returns:
      The text, in which Python's escapes replace line ends, control characters and the bytes of a
      file's name that are not UTF-8.

    Example:
      >>> print(printable("two\nlines, and l\udce9sion, which was written in Latin-1"))
      two\nlines, and l\xe9sion, which was written in Latin-1
    """
    return "".join(map(_escaped, str(text)))


def _escaped(letter: str) -> str:
    if unicodedata.category(letter) not in _ESCAPED or letter in _JOINERS:
        return letter
    if "\udc80" <= letter <= "\udcff":  # how Python keeps such a byte
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()
