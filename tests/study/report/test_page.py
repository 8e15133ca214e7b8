"""The report of a study says what the table shows, and escapes what it is given."""

import re

import numpy as np
import pytest

from medjax.study.report import page


@pytest.fixture
def rows(rows_of, column):
    spread = np.array([-0.01, 0.0, 0.01])
    made = []
    for metric in ("balanced_accuracy", "auroc"):
        for method, mean, images in (
            ("random", 0.70, 20),
            ("whole", 0.90, 2000),
            ("chance", 0.50, 0),
            ("dm", 0.88, 20),
        ):
            spreads = {"dm": spread, "random": -spread}.get(method, 0)
            values = column(*np.full(3, mean) + spreads)
            made += rows_of(method, values, images=images, metric=metric)
    return made


def test_it_has_the_claim_the_boundary_and_every_cell(rows, tmp_path):
    page.write_page(tmp_path / "report.html", rows, jobs=(4, 4), config={"words": "quick"})
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for expected in (
        "reach 90 % of the balanced accuracy of all images on 1 of 1 data sets",
        "Random images of the same sizes reach it on 0 of 1 data sets",
        "88.0 [85.5, 90.5]",
        "beats +18.0 [+13.0, +23.0]",
        "98 [95, 101] %",
        "95 [89, 101] %",
        "<td>1.0 %</td>",
        "words = quick",
    ):
        assert expected in text
    assert "4 of 4 jobs are finished." in text and "What is missing" not in text


def test_a_chart_shows_the_gains_over_the_best_random_images(rows, rows_of, column, tmp_path):
    page.write_page(tmp_path / "none.html", rows, jobs=(4, 4))
    assert "<svg" not in (tmp_path / "none.html").read_text(encoding="utf-8")
    rows = rows + rows_of("random_selected", column(0.71, 0.72, 0.73), metric="auroc")
    # Only what was made by a method has taken time.
    rows = [row if row.method == "dm" else row._replace(seconds=None) for row in rows]
    page.write_page(tmp_path / "report.html", rows, jobs=(4, 4))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("<svg") == 1
    assert "AUROC minus that of the best random images" in text
    assert ">x  dm</text>" in text and ">random</text>" not in text and "x  random" not in text


def test_without_rows_it_says_what_is_missing(tmp_path):
    notes = ["x · dm · ipc 1 · seed 0 failed: no file <a>"]
    page.write_page(tmp_path / "report.html", [], jobs=(0, 4), notes=notes)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "0 of 4 jobs" in text and "no file &lt;a&gt;" in text


def test_it_loads_nothing(rows, rows_of, column, tmp_path):
    rows = rows + rows_of("random_selected", column(0.71, 0.72, 0.73), metric="auroc")
    page.write_page(tmp_path / "report.html", rows, jobs=(4, 4))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<svg" in text and "<<" not in text
    assert "src=" not in text and not re.search('href="(?!#)', text)
    # Names of XML's own, which no browser loads.
    assert "http:" not in re.sub('(?:xmlns(?::\\w+)?|rdf:resource)="http:', "", text)
