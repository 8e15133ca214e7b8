"""The forest plot: where lines are, what their colours say, and what is left out."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from medjax.evaluate import Interval
from medjax.study.report.forest import forest_chart

SVG = "{http://www.w3.org/2000/svg}"
GAINS = {
    "scans": {"dm": Interval(0.1, 0.05, 0.15, 5), "herding": Interval(0.0, -0.05, 0.05, 5)},
    "cells": {"dm": Interval(-0.1, -0.15, -0.05, 5)},
}


def draw(groups, **options):
    return forest_chart(groups, title="gains", label="gain", **options)


def lines(svg):
    """Both ends and the style of each line, by the data set and the method."""
    drawn = {name: path for name, path in paths(svg).items() if name.partition("-")[0] in GAINS}
    return {name: (ends_of(path), path.get("style")) for name, path in drawn.items()}


def paths(svg):
    groups = ElementTree.fromstring(svg).iter(f"{SVG}g")
    found = {
        group.get("id", "").removeprefix("gains-"): group.find(f"{SVG}path") for group in groups
    }
    return {name: path for name, path in found.items() if path is not None}


def ends_of(path):
    return [tuple(map(float, pair.split())) for pair in re.split("[ML]", path.get("d"))[1:]]


def texts(svg):
    return [node.text for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_lines_have_the_length_of_their_intervals_and_are_in_order():
    found = {name: ends for name, (ends, _) in lines(draw(GAINS)).items()}
    assert list(found) == ["scans-dm", "scans-herding", "cells-dm"]
    widths = [right - left for (left, _), (right, _) in found.values()]
    assert widths == pytest.approx([widths[0]] * 3)
    starts = [left for (left, _), _ in found.values()]
    assert starts[0] - starts[2] == pytest.approx(2 * (starts[0] - starts[1]), rel=1e-3)
    (left, _), (right, _) = found["scans-herding"]  # from -0.05 to 0.05
    assert ends_of(paths(draw(GAINS))["zero"])[0][0] == pytest.approx((left + right) / 2)
    heights = [height for (_, height), _ in found.values()]
    assert heights == sorted(heights) and heights[2] - heights[1] > heights[1] - heights[0]


def test_the_colour_is_that_of_the_verdict():
    hue, soft, warn = (style for _, style in lines(draw(GAINS)).values())
    assert "--hue" in hue and "--soft" in soft and "--warn" in warn


def test_a_data_set_is_named_once():
    names = texts(draw(GAINS))
    assert "scans  dm" in names and "herding" in names and "cells  dm" in names
    assert {"gains", "gain"} <= set(names)


def test_points_are_a_scale_of_the_axis():
    assert "0.10" in texts(draw(GAINS)) and "10" in texts(draw(GAINS, scale=100))


def test_what_has_no_interval_is_left_out():
    alone = Interval(0.1, math.nan, math.nan, 1)
    assert draw({"scans": {"dm": alone}, "cells": {}}) == ""
    found = draw({**GAINS, "scans": {"dm": alone}})
    assert list(lines(found)) == ["cells-dm"] and "nan" not in found


def test_names_are_escaped_and_the_text_is_the_same_each_time():
    odd = {"<b>$x$": {"dm": Interval(0.1, 0.05, 0.15, 5)}}
    assert "<b>$x$  dm" in texts(draw(odd)) and draw(odd) == draw(odd)
