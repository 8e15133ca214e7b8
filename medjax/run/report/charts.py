"""A line chart as SVG text, for pages that must stand alone."""

import html
import math
from collections.abc import Callable, Sequence

_WIDTH, _HEIGHT = 460, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, _WIDTH - 24, 26, _HEIGHT - 34
# More points than pixels only make the page heavy; few points deserve dots.
_MOST_POINTS, _DOTTED = 400, 20
# From this ratio of the largest to the smallest value on, a linear axis hides the tail.
_LOG_FROM = 50.0


def line_chart(
    points: Sequence[tuple[float, float]],
    *,
    label: str,
    spread: Sequence[float] | None = None,
    mark: float | None = None,
) -> str:
    """Draws one quantity over the outer steps.

    The colours are the page's, through the CSS classes ``axis``, ``line``, ``dot``, ``band`` and
    ``mark``. The axis is logarithmic when the values are positive and span a factor of 50.

    Args:
      points: ``(step, value)`` pairs in order of the step; those that are not finite are left out.
      label: what the value is; the chart's title.
      spread: a standard deviation for each point, drawn as a band.
      mark: a step to mark with a vertical line.

    Returns:
      An ``<svg>`` element, or an empty string if there is nothing to draw.

    Example:
      >>> svg = line_chart([(0, 1.0), (10, 0.5)], label="loss")
      >>> svg.startswith("<svg") and svg.endswith("</svg>")
      True
      >>> line_chart([], label="loss")
      ''
    """
    spread = spread or [0.0] * len(points)
    kept = [(x, y, s) for (x, y), s in zip(points, spread, strict=True) if math.isfinite(y + s)]
    if not kept:
        return ""
    kept = kept[: -1 : -(-len(kept) // _MOST_POINTS)] + kept[-1:]
    low, high = min(y - s for _, y, s in kept), max(y + s for _, y, s in kept)
    log = low > 0 and high / low >= _LOG_FROM
    to_y, ticks_y = _axis(low, high, _BOTTOM, _TOP, log=log)
    to_x, ticks_x = _axis(kept[0][0], kept[-1][0], _LEFT, _RIGHT, log=False)

    def trace(values: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{to_x(x):.1f} {to_y(y):.1f}" for x, y in values)

    title = html.escape(label + (" (log scale)" if log else ""))
    parts = [f'<text x="4" y="15">{title}</text>', *_grid(to_x, ticks_x, to_y, ticks_y)]
    if mark is not None and kept[0][0] <= mark <= kept[-1][0]:
        parts.append(f'<path class="mark" d="M{to_x(mark):.1f} {_TOP}V{_BOTTOM}"/>')
    if any(s for *_, s in kept):
        rim = [(x, y + s) for x, y, s in kept] + [(x, y - s) for x, y, s in reversed(kept)]
        parts.append(f'<path class="band" d="{trace(rim)}Z"/>')
    parts.append(f'<path class="line" d="{trace([(x, y) for x, y, _ in kept])}"/>')
    for x, y, _ in kept if len(kept) <= _DOTTED else []:
        parts.append(f'<circle class="dot" cx="{to_x(x):.1f}" cy="{to_y(y):.1f}" r="2.5"/>')
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}"'
    return f"<svg {box}>{''.join(parts)}</svg>"


def _grid(to_x: Callable, ticks_x: list[float], to_y: Callable, ticks_y: list[float]) -> list[str]:
    parts = []
    for tick in ticks_y:
        parts.append(f'<path class="axis" d="M{_LEFT} {to_y(tick):.1f}H{_RIGHT}"/>')
        parts.append(f'<text class="end" x="{_LEFT - 6}" y="{to_y(tick) + 4:.1f}">{tick:g}</text>')
    for tick in ticks_x:
        parts.append(f'<text class="mid" x="{to_x(tick):.1f}" y="{_BOTTOM + 16}">{tick:,g}</text>')
    parts.append(f'<text class="end" x="{_RIGHT}" y="{_HEIGHT - 3}">outer step</text>')
    return parts


def _axis(low: float, high: float, start: float, end: float, *, log: bool):
    """A function from value to pixel, and the values to label."""
    ticks = _log_ticks(low, high) if log else _ticks(low, high)
    scale = math.log if log else float
    bottom, top = scale(min(low, ticks[0])), scale(max(high, ticks[-1]))
    return lambda value: start + (end - start) * (scale(value) - bottom) / (top - bottom), ticks


def _ticks(low: float, high: float) -> list[float]:
    """A few round values from ``low`` to ``high``, reaching both ends or beyond."""
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        half = abs(low) / 2 or 0.5
        low, high = low - half, high + half
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((multiple * power for multiple in (1, 2, 5, 10)), key=lambda s: abs(s - rough))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = -(-(last - first) // 6)
    return [10.0**power for power in range(first, last + every, every)]
