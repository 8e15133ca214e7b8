"""Labels that probably say that there is none: rare words and codes beside the classes."""

import collections
from collections.abc import Iterable

from medjax.data import class_names
from medjax.data.pictures.tables.table import is_empty, shown

_WORDS = (
    *("none", "missing", "unknown", "undefined", "unk", "not available", "not applicable", "tbd"),
    *("n.a.", "k.a.", "k. a.", "keine angabe", "unbekannt", "fehlt"),
)
_RARE, _SELDOM = 5, 20  # one row of so many, beside numbers and beside words
_FEW = 2  # rows of a code


def among(cells: Iterable[str]) -> list[str]:
    """Returns the labels that are read as empty cells, the first one first.

    They are signs such as ``-``, ``.`` and ``?``, and words such as ``None`` and ``missing``, if
    all other labels are numbers of two or more values, and at most a fifth of the rows holds them.

    Args:
      cells: the label of each row.

    Example:
      >>> among(["0", "1"] * 4 + ["?"]), among(["low", "high"] * 4 + ["?"])
      (['?'], [])
    """
    counts = _counts(cells)
    absent = [label for label in counts if says_nothing(label)]
    values = {class_names.number(label) for label in counts if label not in absent}
    rare = _RARE * sum(counts[label] for label in absent) <= counts.total()
    return absent if rare and None not in values and len(values) > 1 else []


def doubtful(cells: Iterable[str]) -> list[str]:
    """Returns what to say of labels that are read as classes and perhaps mean that there is none.

    They are the signs and words of ``among`` in at most a twentieth of the rows; and, if all labels
    are numbers, those of at most two rows that are negative or far above the others, as ``-9`` and
    ``99`` are; and a word of at most two rows beside numbers alone.

    Args:
      cells: the label of each row; none is one of ``among``.

    Example:
      >>> doubtful(["0", "1"] * 4 + ["99"])[0].split(";")[0]
      "the label '99' of 1 row is read as a class"
    """
    counts = _counts(cells)
    found = [
        label
        for label, count in counts.items()
        if says_nothing(label) and _SELDOM * count <= counts.total()
    ]
    often = [x for x, n in counts.items() if n > _FEW and not says_nothing(x)]
    numbers = [number for label in often if (number := class_names.number(label)) is not None]
    if len(often) == len(numbers) > 1:
        for label in counts:
            number = class_names.number(label)
            beside = number is None or not 0 <= number <= 2 * max(numbers) + 2
            if label not in (*often, *found) and counts[label] <= _FEW and beside:
                found.append(label)
    return [
        f"the label {shown(label)!r} of {counts[label]} row{'s' * (counts[label] > 1)} is read as "
        "a class; if it means that there is none, leave its cells empty, and "
        "data.folder.skip_unlabelled=True skips them"
        for label in found
    ]


def _counts(cells: Iterable[str]) -> collections.Counter[str]:
    cells = [cell for cell in cells if not is_empty(cell)]
    same = class_names.unified(cells)
    return collections.Counter(same[cell] for cell in cells)


def says_nothing(label: str) -> bool:
    """Returns whether a cell is a sign or a word that stands for no value.

    Example:
      >>> says_nothing("-"), says_nothing("Unknown"), says_nothing("0")
      (True, True, False)
    """
    return not any(map(str.isalnum, label)) or label.casefold() in _WORDS
