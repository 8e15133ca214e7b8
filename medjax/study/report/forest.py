"""A forest plot: differences of several methods on several data sets, each with its interval."""

import math
import re
from collections.abc import Mapping

from medjax import evaluate
from medjax.evaluate import Interval
from medjax.run.report import drawing, metric_name
from medjax.run.report.table import is_percentage

_COLOURS = {"beats": drawing.HUE, "is below": drawing.WARN}
_WIDTH, _ROW, _FRAME = 6.4, 0.19, 0.8  # inches


def forest_chart(
    groups: Mapping[str, Mapping[str, Interval]], *, title: str, label: str, scale: float = 1.0
) -> str:
    """Draws differences beside zero, a line each, grouped by data set.

    The colour of a line is the verdict's: one for intervals above zero, one for those below, and
    grey for what is not shown.

    Args:
      groups: the differences by data set and method, in this order from above; those without an
        interval, as of one seed, are left out.
      title: the title of the chart, with which the ids of its parts start.
      label: of the axis.
      scale: what a difference is multiplied by, as 100 for points.

    Returns:
      An ``<svg>`` element, or an empty string if there is nothing to draw. The same input gives
      the same text.

    Example:
      >>> gaps = {"x": {"dm": Interval(0.1, 0.05, 0.15, 5)}}
      >>> svg = forest_chart(gaps, title="gains", label="gain")
      >>> svg.startswith("<svg") and svg.endswith("</svg>")
      True
      >>> forest_chart({}, title="gains", label="gain")
      ''
    """
    kept = {
        (name, method): found
        for name, methods in groups.items()
        for method, found in methods.items()
        if not math.isnan(found.low)
    }
    if not kept:
        return ""
    from matplotlib.figure import Figure  # here, because only the end of a study draws

    places, names = _places(kept), dict[str, float]()
    with drawing.style():
        figure = Figure(figsize=(_WIDTH, _ROW * (places[-1] + 1) + _FRAME), layout="constrained")
        axes = figure.subplots()
        axes.axvline(0, color=drawing.SOFT, linewidth=0.8, gid="zero")
        for place, ((name, method), found) in zip(places, kept.items(), strict=True):
            colour = _COLOURS.get(evaluate.verdict(found), drawing.SOFT)
            ends = [scale * found.low, scale * found.high]
            axes.plot(
                ends, [place, place], color=colour, gid=re.sub(r"\W+", "-", f"{name}-{method}")
            )
            axes.plot([scale * found.mean], [place], "o", color=colour, markersize=4)
            names.setdefault(name, place)
        texts = [f"{name}  {method}" if names[name] == place else method
                 for place, (name, method) in zip(places, kept, strict=True)]  # fmt: skip
        axes.set_yticks(places, texts, parse_math=False)
        axes.set_ylim(places[-1] + 0.7, -0.7)
        axes.grid(axis="x")
        # Over the whole width, because it is longer than the axes.
        figure.suptitle(title, x=0.01, ha="left", fontsize=9, parse_math=False)
        axes.set_xlabel(label, loc="right")
        axes.tick_params(length=0)
        return drawing.as_svg(figure, title=title, prefix=title)


def gains_chart(groups: Mapping[str, Mapping[str, Interval]], *, metric: str, ipc: int) -> str:
    """Draws what methods gain over the best random images.

    Args:
      groups: the differences by data set and method, as for ``forest_chart``.
      metric: of the differences; those of accuracies are drawn in points.
      ipc: the images per class.

    Returns:
      An ``<svg>`` element, or an empty string if there is nothing to draw.

    Example:
      >>> gaps = {"x": {"dm": Interval(0.1, 0.05, 0.15, 5)}}
      >>> gains_chart(gaps, metric="auroc", ipc=1).count("1 image per class") > 0
      True
    """
    images = "1 image" if ipc == 1 else f"{ipc} images"
    title = f"{metric_name(metric)} minus that of the best random images, {images} per class"
    points = is_percentage(metric)
    label = f"{'points' if points else 'difference'}, with 95 % intervals over seeds"
    return forest_chart(groups, title=title, label=label, scale=100 if points else 1)


def _places(kept: Mapping[tuple[str, str], Interval]) -> list[float]:
    """Returns the heights of the lines, with a gap before each data set but the first."""
    places, last = list[float](), None
    for name, _ in kept:
        step = 1.0 if name == last else 1.6
        places.append(places[-1] + step if places else 0.0)
        last = name
    return places
