"""A ROC curve with logarithmic axes, as inline SVG that a page's style sheet colours."""

import math
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import escape

_SIZE, _EDGE = 300, 46
_HUES = 6

Curve = Sequence[tuple[float, float]]


def roc_chart(curves: Mapping[str, Curve], *, title: str) -> str:
    """Draws curves of true-positive over false-positive rates, both logarithmic.

    Carlini et al. (IEEE S&P 2022) argue for these axes: an attack that names few members for sure
    leaks more than its area says.

    Args:
      curves: ``(false-positive rate, true-positive rate)`` pairs by the name of the attack.
      title: the title.

    Returns:
      An ``<svg>`` element without styles of its own: curve ``i`` has the class ``c{i}``.

    Example:
      >>> svg = roc_chart({"pixels": [(0.0, 0.1), (1.0, 1.0)]}, title="all")
      >>> svg.startswith("<svg") and "pixels" in svg
      True
    """
    rates = [x for curve in curves.values() for pair in curve for x in pair if x > 0]
    least = 10 ** math.floor(math.log10(min(rates, default=0.1)))
    decades = range(round(math.log10(least)), 1)
    height = _SIZE + 14 * len(curves)
    parts = [
        f'<svg role="img" viewBox="0 0 {_SIZE} {height}" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title>",
        f'<text x="{_EDGE}" y="12">{escape(title)}</text>',
    ]
    for decade in decades:
        x, y = _place(10.0**decade, 10.0**decade, least)
        end, top = _place(1, 1, least)
        start, bottom = _place(least, least, least)
        parts += [
            f'<path class="grid" d="M{x:.1f} {bottom:.1f}V{top:.1f}"/>',
            f'<path class="grid" d="M{start:.1f} {y:.1f}H{end:.1f}"/>',
            f'<text class="x" x="{x:.1f}" y="{bottom + 14:.1f}">{10.0**decade:g}</text>',
            f'<text class="y" x="{start - 4:.1f}" y="{y + 4:.1f}">{10.0**decade:g}</text>',
        ]
    parts.append(f'<polyline class="chance" points="{_points([(least, least), (1, 1)], least)}"/>')
    for number, (name, curve) in enumerate(curves.items()):
        hue, y = f"c{number % _HUES}", _SIZE + 14 * number - 12
        parts += [
            f'<polyline class="{hue}" points="{_points(curve, least)}"/>',
            f'<path class="{hue}" d="M{_EDGE} {y}h16"/>',
            f'<text x="{_EDGE + 22}" y="{y + 4}">{escape(name)}</text>',
        ]
    parts.append(f'<text class="x" x="{_SIZE / 2}" y="{_SIZE - 36}">false-positive rate</text>')
    return "".join([*parts, "</svg>"])


def _points(curve: Iterable[tuple[float, float]], least: float) -> str:
    places = (_place(max(x, least), max(y, least), least) for x, y in curve)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _place(x: float, y: float, least: float) -> tuple[float, float]:
    """Returns the place of two rates in the picture."""
    length, span = _SIZE - 2 * _EDGE, -math.log10(least) or 1.0
    right, up = (1 + math.log10(value) / span for value in (x, y))
    return _EDGE + length * right, _EDGE - 20 + length * (1 - up)
