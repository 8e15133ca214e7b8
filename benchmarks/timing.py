"""Alternating timings, so that other load on the machine affects all works equally."""

import statistics
import time
from collections.abc import Callable, Mapping


def alternate(works: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Runs ``A B C A B C …`` and times each call.

    Args:
      works: the functions to time; each returns only when its work is done.
      repeats: number of timed rounds, after one untimed round that compiles.

    Returns:
      The seconds of each round, by name.
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
    """Returns the median, the minimum and the maximum."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratio(theirs: list[float], ours: list[float]) -> dict[str, float]:
    """Returns the speed-up: the ratio of medians, with the minimum and maximum of the rounds."""
    pairs = [a / b for a, b in zip(theirs, ours, strict=True)]
    return {**spread(pairs), "median": statistics.median(theirs) / statistics.median(ours)}
