"""What is said about a set of converted pictures whenever it is read."""

import collections
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from medjax.data.prepare.depth import Depth
from medjax.data.prepare.preparation import Preparation
from medjax.data.prepare.resizing import Resize

_log = logging.getLogger("medjax")
_DIM = 16


def is_dim(image: np.ndarray) -> bool:
    """Returns whether a uint8 image is nearly black: not black, and nowhere above 16 of 255."""
    return 0 < int(image.max()) <= _DIM


def log(facts: Mapping[str, Any], *, wanted: Preparation, fitted: Preparation) -> None:
    """Logs what a conversion did that nobody asked for, in a line each.

    Args:
      facts: the facts that are kept with the set: ``greyed``, ``clipped``, ``dim`` and
        ``raw``.
      wanted: the steps that the user gave.
      fitted: all steps.
    """
    for level, line in _lines(facts, wanted, fitted):
        _log.log(level, "data: %s", line)


def _lines(
    facts: Mapping[str, Any], wanted: Preparation, fitted: Preparation
) -> Iterator[tuple[int, str]]:
    if facts["greyed"]:
        yield logging.WARNING, facts["greyed"]
    others = "window or percentile_clip in data.prepare sets other limits"
    depths = [step for step in fitted.steps if isinstance(step, Depth)]
    if depths and depths[0] not in wanted.steps:
        bits, white = depths[0].bits, depths[0].white
        yield logging.WARNING, f"greys of 16 bits use {bits}: {white} becomes white; {others}"
    if facts["clipped"]:
        yield logging.WARNING, f"{facts['clipped']}; {others}"
    if facts["dim"]:
        dim = f"{facts['dim']} images are nearly black, with no value above {_DIM} of 255"
        yield logging.WARNING, f"{dim}; {others}"
    if not any(isinstance(step, Resize) for step in wanted.steps):
        side = next(step.size for step in fitted.steps if isinstance(step, Resize))
        height, width = _median_size(facts["raw"])
        if max(height, width) > side:
            now = f"pictures of {height}×{width} (median) become {side}×{side}"
            yield logging.INFO, f"{now}; data.size sets their side"


def _median_size(raw: Mapping[str, Mapping[str, Any]]) -> tuple[int, int]:
    """Returns the median height and width of raw pictures, by tallies of ``measuring.Tally``."""
    counts = collections.Counter()
    for tally in raw.values():
        counts.update(tally["sizes"])
    sides = [[int(side) for side in size.split("×")[:2]] for size in counts]
    every = np.repeat(np.reshape(sides, (-1, 2)), list(counts.values()), axis=0)
    return tuple(int(side) for side in np.median(every, axis=0))
