"""What is said about a set of converted pictures whenever it is read."""

import collections
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from medjax.data.npz.images import NEARLY_BLACK
from medjax.data.pictures.imagefile import OWN_RANGE
from medjax.data.prepare.depth import Depth
from medjax.data.prepare.preparation import Preparation
from medjax.data.prepare.resizing import Resize
from medjax.data.prepare.windowing import PercentileClip, Window

_log = logging.getLogger("medjax")
_OTHERS = "window or percentile_clip in data.prepare sets other limits"


def log(facts: Mapping[str, Any], *, wanted: Preparation, fitted: Preparation) -> None:
    """Logs what a conversion did that nobody asked for, in a line each.

    Args:
      facts: the facts that are kept with the set: ``greyed``, ``clipped``, ``dim``, ``remarks`` and
        ``raw``.
      wanted: the steps that the user gave.
      fitted: all steps.
    """
    for level, line in _lines(facts, wanted, fitted):
        _log.log(level, "data: %s", line)


def doubts(facts: Mapping[str, Any], wanted: Preparation) -> list[str]:
    """Returns what may be wrong with the images of a set, in a line each.

    Args:
      facts: see ``log``.
      wanted: the steps that the user gave.
    """
    lines = [facts["greyed"]] if facts["greyed"] else []
    if facts["clipped"]:
        lines.append(f"{facts['clipped']}; {_OTHERS}")
    if facts["dim"]:
        dim = f"{facts['dim']} images are nearly black, with no value above {NEARLY_BLACK} of 255"
        lines += _factor(facts["raw"]) or [f"{dim}; {_OTHERS}"]
    own_limits = any(isinstance(step, Window | PercentileClip) for step in wanted.steps)
    for remark, count in facts["remarks"].items():
        if remark != OWN_RANGE:
            lines.append(f"{count} images {remark}")
        elif not own_limits:
            lines.append(f"{count} images {remark}; {_OTHERS}, the same for all")
    return lines


def _lines(
    facts: Mapping[str, Any], wanted: Preparation, fitted: Preparation
) -> Iterator[tuple[int, str]]:
    depths = [step for step in fitted.steps if isinstance(step, Depth)]
    if depths and depths[0] not in wanted.steps:
        bits, white = depths[0].bits, depths[0].white
        yield logging.WARNING, f"values of 16 bits use {bits}: {white} becomes white; {_OTHERS}"
    yield from ((logging.WARNING, line) for line in doubts(facts, wanted))
    if not any(isinstance(step, Resize) for step in wanted.steps):
        side = next(step.size for step in fitted.steps if isinstance(step, Resize))
        height, width = _median_size(facts["raw"])
        if max(height, width) > side:
            now = f"pictures of {height}×{width} (median) become {side}×{side}"
            yield logging.INFO, f"{now}; data.size sets their side"


def _factor(raw: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns a line about bytes of which none is above the limit of what is nearly black."""
    tallies = [tally for tally in raw.values() if "intensity" in tally]
    greatest = max((tally["intensity"]["greatest"] for tally in tallies), default=np.inf)
    if greatest > NEARLY_BLACK or any(list(tally["dtypes"]) != ["uint8"] for tally in tallies):
        return []
    return [
        f"no value of the pictures is above {greatest:g} of 255: if 0–1 was saved, the factor 255 "
        f"is missing; {_OTHERS}"
    ]


def _median_size(raw: Mapping[str, Mapping[str, Any]]) -> tuple[int, int]:
    """Returns the median height and width of raw pictures, by tallies of ``measuring.Tally``."""
    counts = collections.Counter()
    for tally in raw.values():
        counts.update(tally["sizes"])
    sides = [[int(side) for side in size.split("×")[:2]] for size in counts]
    every = np.repeat(np.reshape(sides, (-1, 2)), list(counts.values()), axis=0)
    return tuple(int(side) for side in np.median(every, axis=0))
