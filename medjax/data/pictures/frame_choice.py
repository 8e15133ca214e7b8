"""Chooses among the pictures of a file that holds several, such as slices."""

from medjax.data.damaged import UndecodableError
from medjax.errors import UserError

_WORDS = ("first", "middle", "last", "all")


def check(what: str, choice: str) -> None:
    """Raises ``UserError`` for a choice that is neither a word nor a number."""
    if choice not in _WORDS and not choice.isdecimal():
        raise UserError(f"unknown {what} {choice!r}; choose from: {', '.join(_WORDS)}, a number")


def chosen(choice: str, count: int, *, what: str) -> range:
    """Returns the positions of the chosen pictures.

    Args:
      choice: ``"first"``, ``"middle"``, ``"last"``, ``"all"`` or a number from ``"0"``.
      count: number of pictures in the file.
      what: what one of them is called in messages.

    Raises:
      UndecodableError: if the file has no picture with that number.

    Example:
      >>> chosen("middle", 5, what="slice")
      range(2, 3)
    """
    if choice == "all":
        return range(count)
    named = {"first": 0, "middle": count // 2, "last": count - 1}
    place = named[choice] if choice in named else int(choice)
    if place >= count:
        raise UndecodableError(f"has no {what} {place}")
    return range(place, place + 1)
