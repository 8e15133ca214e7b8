"""Class names: which spellings are one class, and the order of the classes."""

import collections
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

_MANY = 30  # classes
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)")


def unified(labels: Iterable[str]) -> dict[str, str]:
    """Returns the class of each label.

    Texts that differ in the form of their accents are one class, and so are numbers of one value,
    if all labels are numbers.

    Args:
      labels: the labels of a set as they are written.

    Returns:
      The name of the class, by label.

    Example:
      >>> unified(["1", "1.0", "-2.50"])
      {'1': '1', '1.0': '1', '-2.50': '-2.5'}
    """
    values = {label: number(label) for label in labels}
    if None in values.values():
        return {label: same_form(label) for label in values}
    spellings = collections.defaultdict(list)
    for label, value in values.items():
        spellings[value].append(label)
    return {label: _name(value, spellings[value]) for label, value in values.items()}


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Returns class names in label order: by value if all are numbers, else by name.

    Example:
      >>> in_order(["10", "2", "-1.5"])
      ('-1.5', '2', '10')
    """
    values = {name: number(name) for name in names}
    numbers = None not in values.values()
    return tuple(sorted(values, key=lambda name: (values[name], name) if numbers else name))


def doubtful(names: Iterable[str]) -> list[str]:
    """Returns what may be wrong with the names of the classes of a set, one line each.

    Example:
      >>> doubtful(["benign", "Benign ", "malignant"])
      ["the classes 'Benign ' and 'benign' differ in case or spaces only"]
    """
    names = sorted(names)
    spellings = collections.defaultdict(list)
    for name in names:
        spellings[plain(name)].append(repr(name))
    lines = [
        f"the classes {' and '.join(same)} differ in case or spaces only"
        for same in spellings.values()
        if len(same) > 1
    ]
    if len(names) > _MANY and None not in map(number, names):
        lines.append(
            f"{len(names)} classes are numbers: if they are measurements, group them into classes"
        )
    return lines


def same_form(text: str) -> str:
    """Returns a text in NFC: a letter with an accent is one character, however it was written.

    Example:
      >>> len("e\\u0301"), len(same_form("e\\u0301"))
      (2, 1)
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def plain(name: str) -> str:
    """Returns a name without case and spaces around words."""
    return " ".join(name.casefold().split())


def number(text: str) -> Decimal | None:
    """Returns the value of a number, which may have a decimal comma but no exponent, or None."""
    return Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _name(value: Decimal, spellings: list[str]) -> str:
    """Returns the name of the class of a value; ``007`` keeps its zeros if no label is ``7``."""
    if len(spellings) == 1 and spellings[0].isdecimal():
        return spellings[0]
    text = format(value or Decimal(0), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
