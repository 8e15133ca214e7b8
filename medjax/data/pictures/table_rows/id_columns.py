"""Columns of identifiers that several images share, told by what is in their cells."""

import collections
import itertools
import re
from collections.abc import Collection, Hashable, Mapping

from medjax.data import class_names

_KEYS, _IDS = 5, 8  # values that a column holds at least
_IMAGES = 20  # of a value, on average, at most
_SMALL = 1000  # numbers below it are ages, counts and sizes as well
_YEARS = (1900, 2100)
_NAMED = re.compile(  # the end of a name
    r"(?:(?i:(?:^|[\W_])e?(?:u?id|nr|no|num|number|nummer|key|hash|code))|(?<=[a-z])(?:ID|Id|Nr|No)"
    r"|^[A-Z]+(?:ID|NR|NO)|(?i:number|nummer))\W*$"
)
_NO_ID = re.compile(  # of a unit, a date or a time, in all cells
    r"[+-]?\d+([.,]\d+)?\s*[^\W\d_]{0,2}%?|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b.*|\d{1,2}:\d\d.*"
    r"|\d+\s*[x×]\s*\d+"
)
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_MEASURES = re.compile(
    r"(?:^|[\W_])(?:age|years?|date|time|width|height|rows?|cols?|columns?|size|length|depth|area"
    r"|weight|score|dose|exposure|kvp|mas|spacing|thickness|x|y|z|w|h|zip|plz|icd|snomed|grade|stage"
    r"|frame|slice|page|version)(?:$|[\W_\d])",
    re.IGNORECASE,
)


def are_keys(values: Collection[str]) -> bool:
    """Returns whether values that joined two tables may be patients: there are five or more.

    Args:
      values: the value of each image.
    """
    return _KEYS <= len(set(values)) < len(values)


def are_ids(name: str, values: Mapping[str, str], labels: Mapping[str, Hashable]) -> bool:
    """Returns whether the cells of a column look like identifiers of what several images share.

    There are eight different values or more. Most hold a digit, and they are no dates, times,
    measurements or years. If the name ends in a word such as ``id`` or ``nr``, this is enough for
    words and for numbers from 1000, if a value is that of at most 20 images on average; and for any
    name if the rows of each value follow one another. Otherwise numbers must have such a name
    or reach 1000, and the images of one value must share a label much more often than by chance: at
    most a quarter as many values have several labels as would have in any order, and at least three
    would. A name such as ``width`` or ``ICD code`` is that of
    something else.

    Args:
      name: the name of the column.
      values: the value of each file, in the order of the rows.
      labels: the label of each file.

    Example:
      >>> values = {f"{n}.png": f"K{n // 3:02d}" for n in range(30)}
      >>> are_ids("who", values, {file: cell < "K05" for file, cell in values.items()})
      True
    """
    different = set(values.values())
    if not _IDS <= len(different) < len(values):
        return False
    numbers = [class_names.number(cell) for cell in different]
    named, words = _NAMED.search(name) is not None, None in numbers
    whole = all(map(str.isdecimal, different))
    dated = all(map(_DATE.fullmatch, different))
    measured = all(map(_NO_ID.fullmatch, different)) and not whole
    digits = sum(any(map(str.isdigit, cell)) for cell in different)
    if _MEASURES.search(name) or dated or measured or 2 * digits < len(different):
        return False
    known = [number for number in numbers if number is not None]
    if known and not words and _YEARS[0] <= min(known) and max(known) <= _YEARS[1]:
        return False
    large = words or max(known) >= _SMALL
    if (named or _follow(values)) and large and len(values) <= _IMAGES * len(different):
        return True
    return (named or large) and _share_labels(values, labels)


def _follow(values: Mapping[str, str]) -> bool:
    """Returns whether the rows of each value follow one another."""
    runs = [value for value, _ in itertools.groupby(values.values())]
    return len(runs) == len(set(runs))


def _share_labels(values: Mapping[str, str], labels: Mapping[str, Hashable]) -> bool:
    """Returns whether images of one value share a label much more often than by chance."""
    groups = collections.defaultdict(list)
    for file, value in values.items():
        groups[value].append(labels[file])
    counts = collections.Counter(labels[file] for file in values)
    shares = [count / len(values) for count in counts.values()]
    expected = sum(1 - sum(x ** len(group) for x in shares) for group in groups.values())
    mixed = sum(len(set(group)) > 1 for group in groups.values())
    return expected >= 3 and 4 * mixed <= expected
