"""The guidelines of docs/GUIDE.md, in which every sentence names the cells that it comes from.

A sentence is followed by a comment with its numbers and how each is computed from ``table.csv``::

    DM gains 4.1 points over random images. <!-- 4.1 = gain(dataset=scans, method=dm, ipc=10) -->

``complaints`` computes them again. ``FORMULAS`` lists what can be computed; the metric is
``balanced_accuracy`` unless a cell names another, and several numbers are separated by ``;``. Text
above the first heading of the second level introduces the page and is not checked.
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from medjax import evaluate
from medjax.errors import UserError, unknown
from medjax.study.statistics.summaries import Summary, summarise
from medjax.study.table.rows import METRICS, Row

_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_CELL = re.compile(r"\s*(.+?)\s*=\s*(\w+)\(\s*([^()]*?)\s*\)\s*", re.DOTALL)
_END = re.compile(r"[.!?:](?=\s+\S)")
_NUMBER = re.compile(r"(?<![\w.])[+−-]?\d+(?:[.,]\d+)*")
_KEYS = ("dataset", "method", "ipc", "metric")
_DEFAULT_METRIC = "balanced_accuracy"


class Cell(NamedTuple):
    """A value in a sentence and where it comes from.

    Attributes:
      value: as it is written in the sentence, a number or a verdict.
      formula: one of ``FORMULAS``.
      options: of the formula: ``dataset``, ``method``, ``ipc`` and ``metric``.
    """

    value: str
    formula: str
    options: Mapping[str, str]


class Sentence(NamedTuple):
    """A sentence of the guide.

    Attributes:
      text: its text.
      cells: what its values are.
    """

    text: str
    cells: tuple[Cell, ...]


def _points(interval: evaluate.Interval | None) -> float | None:
    return None if interval is None else 100 * interval.mean


_OF_CELL: dict[str, Callable[[Summary], float | str | None]] = {
    "score": lambda one: 100 * one.score.interval.mean,
    "gain": lambda one: _points(one.over_random),
    "gain_over_best": lambda one: _points(one.over_selected),
    "whole": lambda one: _points(one.whole),
    "recovery": lambda one: _points(one.recovery),
    "share_of_whole": lambda one: _points(one.share_of_whole),
    "share_of_images": lambda one: 100 * one.share,
    "minutes": lambda one: None if one.seconds is None else one.seconds / 60,
    "kilobytes": lambda one: one.bytes / 1000,
    "verdict": lambda one: None if one.over_random is None else evaluate.verdict(one.over_random),
    "verdict_over_best": lambda one: (
        None if one.over_selected is None else evaluate.verdict(one.over_selected)
    ),
}
_OF_SETS: dict[str, Callable[[Sequence[Summary]], float | None]] = {
    "sets": lambda found: len(found),
    "sets_beaten": lambda found: _count(found, "verdict", "beats"),
    "sets_beaten_over_best": lambda found: _count(found, "verdict_over_best", "beats"),
    "sets_below": lambda found: _count(found, "verdict", "is below"),
    "mean_gain": lambda found: _mean(found, "gain"),
    "mean_gain_over_best": lambda found: _mean(found, "gain_over_best"),
    "mean_recovery": lambda found: _mean(found, "recovery"),
    "mean_minutes": lambda found: _mean(found, "minutes"),
}
FORMULAS = (*_OF_CELL, *_OF_SETS)
"""The names of formulas: of one data set's cell, in points, percent, minutes or kilobytes; and over
the data sets that have a method and ipc."""


def read_guide(text: str) -> list[Sentence]:
    """Returns the sentences of a guide below its introduction.

    Args:
      text: Markdown.

    Returns:
      Sentences in order; one that no comment follows has no cells.

    Raises:
      UserError: for a comment that cannot be read.

    Example:
      >>> read_guide("## When\\nDM gains 4.1 points. <!-- 4.1 = gain(method=dm, ipc=10) -->")
      [Sentence(text='DM gains 4.1 points.', cells=(Cell(value='4.1', formula='gain', \
options={'method': 'dm', 'ipc': '10'}),))]
    """
    _, _, body = f"\n{text}".partition("\n## ")
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", body.partition("\n")[2])
    found: list[Sentence] = []
    for block in blocks:
        if block.lstrip().startswith("#"):
            block = block.partition("\n")[2]
        pieces = _COMMENT.split(block)
        for number in range(0, len(pieces), 2):
            cells = _cells(pieces[number + 1]) if number + 1 < len(pieces) else ()
            *alone, last = _sentences(pieces[number]) or [""]
            found += [Sentence(one, ()) for one in alone]
            if last or cells:
                found.append(Sentence(last, cells))
    return found


def complaints(text: str, rows: Sequence[Row]) -> list[str]:
    """Compares a guide with the table that it is computed from.

    Args:
      text: the guide.
      rows: the rows of the table.

    Returns:
      A line for each sentence without a cell, each number that no cell explains, and each value
      that differs from the table; empty if the guide is right.

    Raises:
      UserError: for a comment that cannot be read, an unknown formula or option.

    Example:
      >>> complaints("## When\\nDM gains a lot.", [])
      ["no cell for the sentence 'DM gains a lot.'"]
    """
    summaries: dict[str, list[Summary]] = {}
    found = []
    for sentence in read_guide(text):
        if not sentence.cells:
            found.append(f"no cell for the sentence {sentence.text!r}")
        for cell in sentence.cells:
            metric = cell.options.get("metric", _DEFAULT_METRIC)
            if metric not in summaries:
                summaries[metric] = summarise(rows, metric=metric)
            found += _differences(sentence, cell, summaries[metric])
        known = {word for cell in sentence.cells for word in (cell.value, *cell.options.values())}
        found += [
            f"no cell for the number {number} in {sentence.text!r}"
            for number in _NUMBER.findall(sentence.text)
            if sentence.cells and number not in known
        ]
    return found


def _differences(sentence: Sentence, cell: Cell, summaries: Sequence[Summary]) -> list[str]:
    if cell.value not in sentence.text:
        return [f"{cell.value} is not in the sentence {sentence.text!r}"]
    where = f"{cell.formula}({', '.join(f'{k}={v}' for k, v in cell.options.items())})"
    computed = _computed(cell, summaries)
    if computed is None:
        return [f"the table has no {where}, for {sentence.text!r}"]
    if isinstance(computed, str):
        expected = computed
    else:
        sign = "+" if cell.value.startswith("+") else ""
        expected = f"{computed:{sign}.{len(cell.value.partition('.')[2])}f}"
    written = cell.value.replace("−", "-")
    if written == expected:
        return []
    return [f"{where} is {expected} and not {cell.value}, in {sentence.text!r}"]


def _computed(cell: Cell, summaries: Sequence[Summary]) -> float | str | None:
    """Returns the value of a formula; ``None`` if the table lacks its cells."""
    asked = {name: value for name, value in cell.options.items() if name != "metric"}
    chosen = [
        one
        for one in summaries
        if all(str(getattr(one.key, name)) == value for name, value in asked.items())
    ]
    if cell.formula in _OF_SETS:
        if not {"method", "ipc"} <= set(asked) or "dataset" in asked:
            raise UserError(f"{cell.formula} in the guide takes a method and an ipc, got {asked}")
        return _OF_SETS[cell.formula](chosen) if chosen else None
    if set(asked) != {"dataset", "method", "ipc"}:
        raise UserError(
            f"{cell.formula} in the guide takes a dataset, a method and an ipc, got {asked}"
        )
    return _OF_CELL[cell.formula](chosen[0]) if chosen else None


def _cells(comment: str) -> tuple[Cell, ...]:
    cells = []
    for part in filter(str.strip, comment.split(";")):
        match = _CELL.fullmatch(part)
        if match is None:
            raise UserError(
                f"cannot read {part.strip()!r} in the guide; a cell is written as in "
                "4.1 = gain(dataset=breastmnist, method=dm, ipc=10)"
            )
        if match[2] not in FORMULAS:
            raise unknown("formula of the guide", match[2], FORMULAS)
        pairs = [word.partition("=") for word in match[3].split(",") if word.strip()]
        options = {name.strip(): value.strip() for name, _, value in pairs}
        for name in options:
            if name not in _KEYS:
                raise unknown("option of a cell in the guide", name, _KEYS)
        if options.get("metric", _DEFAULT_METRIC) not in METRICS:
            raise unknown("metric of a cell in the guide", options["metric"], METRICS)
        cells.append(Cell(match[1], match[2], options))
    return tuple(cells)


def _sentences(text: str) -> list[str]:
    """Splits text at the ends of sentences, without the marks of lists and emphasis."""
    plain = re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "", " ".join(text.split())).replace("**", "")
    ends = [0, *(match.end() for match in _END.finditer(plain)), len(plain)]
    parts = [plain[start:end].strip() for start, end in itertools.pairwise(ends)]
    return [part for part in parts if part]


def _count(found: Sequence[Summary], formula: str, verdict: str) -> float:
    return sum(_OF_CELL[formula](one) == verdict for one in found)


def _mean(found: Sequence[Summary], formula: str) -> float | None:
    values = [_OF_CELL[formula](one) for one in found]
    known = [value for value in values if isinstance(value, float)]
    return sum(known) / len(known) if known else None
