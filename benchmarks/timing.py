"""Timing several things alternately, so that whatever else the machine does meets all of them."""

import statistics
import time
from collections.abc import Callable, Mapping


def alternate(works: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Runs ``A B C A B C …`` and times each call.

    Args:
      works: what to time; each call returns only when its work is done.
      repeats: timed rounds, after one round that is not counted (it compiles).

    Returns:
      Seconds of each round, by name.
    """
    seconds = {name: [] for name in works}
    for round_ in range(repeats + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            if round_:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def spread(values: list[float]) -> dict[str, float]:
    """Median, least and greatest."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratio(theirs: list[float], ours: list[float]) -> dict[str, float]:
    """How many times faster: the ratio of medians, with the least and greatest of a round."""
    pairs = [a / b for a, b in zip(theirs, ours, strict=True)]
    return {**spread(pairs), "median": statistics.median(theirs) / statistics.median(ours)}
