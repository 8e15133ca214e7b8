"""The names of a strategy's operators."""

from collections.abc import Iterable, Sequence

from medjax.errors import UserError, unknown

DC_PREFIX = "dc_"
"""What the text of a strategy of DC starts with, and that of DSA does not."""


def check_names(family: str, names: Sequence[str], known: Iterable[str]) -> None:
    """Raises ``UserError`` for an unknown or repeated operator.

    Args:
      family: the kind of strategy, as in ``"DSA"``.
      names: the operators of the strategy.
      known: all operators of the family.

    Example:
      >>> check_names("DSA", ("crop", "flip"), ("crop", "flip", "color"))
    """
    for position, name in enumerate(names):
        if name not in known:
            raise unknown(f"{family} operator", name, known)
        if name in names[:position]:
            raise UserError(f"{family} strategy {'_'.join(names)!r} repeats {name!r}")
