"""Numbers of a study as text: scores, differences, shares, each with its interval."""

import math

from medjax import evaluate
from medjax.evaluate import Interval
from medjax.run.report.table import is_percentage

NONE = "–"
"""The text of what the table lacks."""


def score_text(found: Interval | None, metric: str) -> str:
    """Formats a score, in % or as a fraction, with its interval.

    Example:
      >>> score_text(Interval(0.9, 0.85, 0.95, 5), "balanced_accuracy")
      '90.0 [85.0, 95.0]'
      >>> score_text(Interval(0.9, float("nan"), float("nan"), 1), "auroc")
      '0.900'
    """
    scale, digits = (100, 1) if is_percentage(metric) else (1, 3)
    return _with_interval(found, scale, f".{digits}f")


def difference_text(found: Interval | None, metric: str) -> str:
    """Formats a difference, in points or as a fraction, with its interval and verdict.

    Example:
      >>> difference_text(Interval(0.05, 0.01, 0.09, 5), "auroc")
      'beats +0.050 [+0.010, +0.090]'
    """
    return NONE if found is None else f"{evaluate.verdict(found)} {gap_text(found, metric)}"


def gap_text(found: Interval, metric: str) -> str:
    """Formats a difference, in points or as a fraction, with its interval and no verdict.

    It has more digits where rounding would hide on which side of zero an end is.

    Example:
      >>> gap_text(Interval(0.05, 0.0004, 0.0996, 5), "auroc")
      '+0.0500 [+0.0004, +0.0996]'
    """
    scale, digits = (100, 1) if is_percentage(metric) else (1, 3)
    ends = [end for end in (found.low, found.high) if end]
    digits += next((n for n in range(3) if all(round(scale * x, digits + n) for x in ends)), 3)
    return _with_interval(found, scale, f"+.{digits}f")


def part_text(found: Interval | None) -> str:
    """Formats a part of something in %, with its interval.

    Example:
      >>> part_text(Interval(0.75, 0.7, 0.8, 5)), part_text(None)
      ('75 [70, 80] %', '–')
    """
    return NONE if found is None else f"{_with_interval(found, 100, '.0f')} %"


def share_text(share: float | None) -> str:
    """Formats a share of all images in %, with two digits that count.

    Example:
      >>> share_text(0.0425), share_text(0.00021), share_text(None)
      ('4.2 %', '0.021 %', '–')
    """
    if share is None or math.isnan(share):
        return NONE
    digits = max(0, 1 - math.floor(math.log10(100 * share))) if share > 0 else 0
    return f"{100 * share:.{digits}f} %"


def spread_text(spread: float, metric: str) -> str:
    """Formats a standard deviation, in points or as a fraction.

    Example:
      >>> spread_text(0.0123, "accuracy"), spread_text(float("nan"), "auroc")
      ('1.2', '–')
    """
    scale, digits = (100, 1) if is_percentage(metric) else (1, 3)
    return NONE if math.isnan(spread) else f"{scale * spread:.{digits}f}"


def bytes_text(count: int) -> str:
    """Formats a number of bytes.

    Example:
      >>> bytes_text(1568), bytes_text(3_691_072)
      ('1.5 KiB', '3.5 MiB')
    """
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.1f} {units[0]}" if units[0] != "B" else f"{count} B"


def _with_interval(found: Interval | None, scale: int, form: str) -> str:
    if found is None or math.isnan(found.mean):
        return NONE
    ends = [f"{scale * end:{form}}" for end in (found.low, found.high) if not math.isnan(end)]
    return f"{scale * found.mean:{form}}" + (f" [{', '.join(ends)}]" if ends else "")
