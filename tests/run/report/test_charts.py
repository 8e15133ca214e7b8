import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from medjax.run.report.charts import line_chart

SVG = "{http://www.w3.org/2000/svg}"


def elements(svg, kind):
    found = ElementTree.fromstring(svg).iter(f"{SVG}g")
    groups = [node for node in found if node.get("id", "").endswith(f"-{kind}")]
    return groups if kind != "dot" else list(elements(svg, "line")[0].iter(f"{SVG}use"))


def trace(svg):
    (line,) = elements(svg, "line")
    path = line.find(f"{SVG}path").get("d").strip()
    return [tuple(map(float, pair.split())) for pair in re.split("[ML]", path)[1:]]


def texts(svg):
    return [node.text for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_the_line_runs_where_the_values_say():
    svg = line_chart([(0, 0.0), (50, 1.0), (100, 0.5)], label="loss")
    (x0, y0), (x1, y1), (x2, y2) = trace(svg)
    assert x0 < x1 < x2 and x1 == pytest.approx((x0 + x2) / 2)
    assert y1 < y2 < y0  # up is less in SVG
    assert y2 == pytest.approx((y0 + y1) / 2)
    assert {"loss", "0", "0.4", "1", "100", "outer step"} <= set(texts(svg))
    assert len(elements(svg, "dot")) == 3 and not elements(svg, "band")


def test_wide_positive_values_go_on_a_log_scale():
    svg = line_chart([(0, 1000.0), (1, 10.0), (2, 0.1)], label="loss")
    (_, y0), (_, y1), (_, y2) = trace(svg)
    assert y1 == pytest.approx((y0 + y2) / 2, abs=0.1)
    assert {"loss (log scale)", "0.1", "1000"} <= set(texts(svg))
    assert "loss" in texts(line_chart([(0, 1000.0), (1, -0.1)], label="loss"))


def test_band_and_mark():
    svg = line_chart([(0, 0.5), (10, 0.6)], label="auroc", spread=[0.1, 0.2], mark=5)
    assert len(elements(svg, "band")) == len(elements(svg, "mark")) == 1
    assert not elements(line_chart([(0, 0.5), (10, 0.6)], label="auroc", mark=11), "mark")


def test_values_that_are_not_finite_are_skipped():
    svg = line_chart([(0, 1.0), (1, math.nan), (2, math.inf), (3, 2.0)], label="loss")
    assert len(trace(svg)) == 2 and "nan" not in svg
    assert line_chart([(0, math.nan)], label="loss") == ""


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-12, 1e12])
def test_one_point_or_constant_values(value):
    for points in ([(7, value)], [(7, value), (8, value)]):
        svg = line_chart(points, label="x")
        assert len(trace(svg)) == len(points) and "nan" not in svg


def test_many_points_are_thinned_and_the_last_is_kept():
    svg = line_chart([(i, i) for i in range(10_000)] + [(10_000, 0.0)], label="x")
    assert 300 <= len(trace(svg)) <= 402 and not elements(svg, "dot")
    assert trace(svg)[-1][1] == trace(svg)[0][1]


def test_the_label_is_escaped():
    assert "<b>" not in line_chart([(0, 1.0)], label="<b>")


def test_the_text_is_the_same_each_time_and_follows_the_theme_of_the_page():
    svg = line_chart([(0, 1.0), (5, 2.0)], label="x", spread=[0.1, 0.1], mark=3)
    assert svg == line_chart([(0, 1.0), (5, 2.0)], label="x", spread=[0.1, 0.1], mark=3)
    assert not re.search('#[0-9a-f]{6}[;"]', svg) and "var(--hue,#1f6fb2)" in svg


def test_two_charts_share_no_id():
    charts = [line_chart([(0, 1.0), (5, 2.0)], label=label) for label in ("loss", "validation x")]
    ids = [set(re.findall(' id="(.*?)"', svg)) for svg in charts]
    assert ids[0] and not ids[0] & ids[1]


def test_a_screen_reader_reads_the_title():
    svg = ElementTree.fromstring(line_chart([(0, 1.0)], label="a & b"))
    assert svg.get("role") == "img" and svg.find(f"{SVG}title").text == "a & b"
