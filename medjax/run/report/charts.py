"""A line chart as inline SVG, drawn by matplotlib in the colours of the page."""

import math
from collections.abc import Sequence

from medjax.run.report import drawing

# More points than pixels only enlarge the page; few points get dots.
_MOST_POINTS, _DOTTED = 400, 20
# At this ratio of the largest to the smallest value or above, a linear axis hides the tail.
_LOG_FROM = 50.0


def line_chart(
    points: Sequence[tuple[float, float]],
    *,
    label: str,
    spread: Sequence[float] | None = None,
    mark: float | None = None,
) -> str:
    """Draws one quantity over the outer steps.

    The axis is logarithmic when the values are positive and span a factor of 50. The ids of the
    parts start with the label, so that several charts fit on one page.

    Args:
      points: ``(step, value)`` pairs in order of the step; pairs that are not finite are skipped.
      label: the name of the value and title of the chart.
      spread: a standard deviation for each point, drawn as a band.
      mark: a step to mark with a dashed vertical line.

    Returns:
      An ``<svg>`` element, or an empty string if there is nothing to draw. The same input gives
      the same text.

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
    # Here, because only the end of a run draws.
    from matplotlib.figure import Figure

    kept = kept[: -1 : -(-len(kept) // _MOST_POINTS)] + kept[-1:]
    steps, values, spreads = zip(*kept, strict=True)
    low = [y - s for y, s in zip(values, spreads, strict=True)]
    high = [y + s for y, s in zip(values, spreads, strict=True)]
    log = min(low) > 0 and max(high) / min(low) >= _LOG_FROM
    title = label + (" (log scale)" if log else "")
    with drawing.style():
        figure = Figure(figsize=(4.6, 2.4), layout="constrained")
        axes = figure.subplots(subplot_kw={"yscale": "log" if log else "linear"})
        marker = "o" if len(kept) <= _DOTTED else None
        axes.plot(steps, values, color=drawing.HUE, marker=marker, markersize=4, gid="line")
        if any(spreads):
            axes.fill_between(
                steps, low, high, color=drawing.HUE, alpha=0.2, linewidth=0, gid="band"
            )
        if mark is not None and steps[0] <= mark <= steps[-1]:
            axes.axvline(mark, color=drawing.WARN, linestyle="--", gid="mark")
        axes.grid(axis="y")
        axes.set_title(title, parse_math=False)
        axes.set_xlabel("outer step", loc="right")
        axes.xaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.tick_params(which="both", length=0)
        axes.minorticks_off()
        return drawing.as_svg(figure, title=title, prefix=label)
