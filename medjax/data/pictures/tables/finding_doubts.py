"""What may be wrong with findings that were read from words."""

import numpy as np

from medjax.data.pictures.tables.findings import Findings
from medjax.data.pictures.tables.table import shown

_MARKS = ("|", ";", ",", "+", "&", "/", "\\", "^", "~")
_EXPECTED = 10  # rows beside another finding


def doubtful(found: Findings, separator: str) -> list[str]:
    """Returns what may be wrong with findings, one line each.

    They are a finding that seems to be several, joined by another sign: all its parts are findings.
    And they are the most frequent finding, if it stands alone in all its rows, though ten or more
    of them should hold another one, as rows of other findings do.

    Args:
      found: the findings.
      separator: what stands between the words.

    Example:
      >>> doubtful(Findings(("A", "A;B", "B"), np.eye(3, dtype=np.int32)), "|")[0][:33]
      "the finding 'A;B' of 1 row seems "
    """
    lines = [
        f"the finding {shown(name)!r} of {_rows(found, place)} seems to be several, joined by "
        f"{mark!r}: write {separator!r} there"
        for place, name in enumerate(found.names)
        for mark in _MARKS
        if mark != separator and _joins(name, mark, found.names)
    ]
    return lines + _alone(found)


def _joins(name: str, mark: str, names: tuple[str, ...]) -> bool:
    parts = {part.strip() for part in name.split(mark)} - {""}
    return len(parts) > 1 and parts <= set(names)


def _alone(found: Findings) -> list[str]:
    """Returns a line for the most frequent finding if it never stands beside another one."""
    shows = found.rows == 1
    if not shows.any() or shows.shape[1] < 3:
        return []
    often = int(shows.sum(axis=0).argmax())
    beside = shows.sum(axis=1) > 1
    own, others = shows[:, often], np.delete(shows, often, axis=1).any(axis=1)
    expected = own.sum() * beside.sum() / max(others.sum(), 1)
    if (own & beside).any() or expected < _EXPECTED:
        return []
    name = shown(found.names[often])
    return [
        f"the finding {name!r} of {_rows(found, often)} never stands beside another one: if it "
        "means that there is none, write No Finding there"
    ]


def _rows(found: Findings, place: int) -> str:
    count = int((found.rows[:, place] == 1).sum())
    return f"{count} row{'s' * (count != 1)}"
