"""The words after a config's colon, divided into those of a study and those of its runs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from medjax.errors import UserError, unknown
from medjax.run.config.words import split_words

_OF_RUNS = ("quick",)
_KINDS = {int: "a whole number", float: "a number"}


class Words(NamedTuple):
    """Words after a colon.

    Attributes:
      named: the words without a key, such as a data set; not those of runs.
      options: the study's own settings.
      runs: the words of its runs, as text that ``config.make`` takes.
    """

    named: tuple[str, ...]
    options: dict[str, Any]
    runs: str


def divide_words(arg: str | None, options: Mapping[str, Any]) -> Words:
    """Divides the words after the colon of a study's config.

    Args:
      arg: the words, separated by commas. ``key=value`` sets an option, or a dotted key of all
        runs; ``quick`` is a word of the runs.
      options: the study's own settings with their defaults, which give the types.

    Returns:
      The words.

    Raises:
      UserError: for an unknown option, one that is given twice, or a value of another type than the
        default's.

    Example:
      >>> words = divide_words("mednist,quick,sites=3,net.width=8", {"sites": 5, "beta": 0.6})
      >>> words.named, words.options, words.runs
      (('mednist',), {'sites': 3, 'beta': 0.6}, 'quick,net.width=8')
    """
    named, given, runs = [], dict[str, Any](), []
    for key, value in split_words(arg or ""):
        if key is None:
            (runs if value in _OF_RUNS else named).append(value)
        elif key in given:
            raise UserError(f"{key} is given twice, as {given[key]} and as {value}")
        elif key in options:
            given[key] = _typed(key, value, type(options[key]))
        elif "." in key or key in ("iterations", "precision"):
            runs.append(f"{key}={value!r}")
        else:
            raise unknown("setting of the study", key, options)
    return Words(tuple(named), {**options, **given}, ",".join(runs))


def _typed(key: str, value: Any, kind: type) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if kind is str and not isinstance(value, str):
        value = str(value)
    if type(value) is not kind:
        raise UserError(f"{key} takes {_KINDS.get(kind, kind.__name__)}, got {value!r}")
    return value
