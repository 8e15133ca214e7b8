"""Figures of matplotlib as inline SVG, in the colours of the page."""

import io
import re
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HUE, SOFT, EDGE, WARN = "#1f6fb2", "#5a6675", "#d5dde5", "#9a5b00"
"""The colours of a drawing: of what counts, of text and what counts less, of lines, of warnings."""
# The page's style sheet defines these variables for its light and dark themes; a file of its own
# has none, and gets the colours of the light one.
_VARIABLES = {HUE: "hue", SOFT: "soft", EDGE: "edge", WARN: "warn"}
_STYLE = {
    "axes.facecolor": "none",
    "axes.titlelocation": "left",
    "figure.facecolor": "none",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9,
    "grid.color": EDGE,
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "medjax",
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), SOFT),
    **{f"axes.spines.{side}": False for side in ("left", "right", "top", "bottom")},
}


def style() -> AbstractContextManager[None]:
    """Returns the context in which a figure is drawn and saved, whatever the user's own style."""
    from matplotlib import style as styles  # here, because only the end of a run draws

    return styles.context(["default", _STYLE])


def as_svg(figure: "Figure", *, title: str, prefix: str) -> str:
    """Returns a figure as an ``<svg>`` element; the same figure gives the same text.

    Args:
      figure: a figure of matplotlib; call this in the context of ``style``.
      title: what a reader hears that cannot see it.
      prefix: of the ids of its parts, so that several drawings fit on one page.

    Example:
      >>> from matplotlib.figure import Figure
      >>> with style():
      ...     svg = as_svg(Figure(figsize=(1, 1)), title="nothing", prefix="empty")
      >>> svg.startswith('<svg role="img"') and svg.endswith("</svg>")
      True
    """
    file = io.StringIO()
    metadata = {"Title": title, "Creator": None, "Date": None}
    figure.savefig(file, format="svg", metadata=metadata)
    prefix = re.sub(r"\W+", "-", prefix)
    svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{prefix}-", file.getvalue())
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable},{colour})")
    return svg[svg.index("<svg") :].strip().replace("<svg", '<svg role="img"', 1)
