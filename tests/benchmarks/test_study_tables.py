"""The tables of the documentation: what they say, and that they are those of the study."""

import importlib
import pathlib
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from medjax import evaluate
from medjax.study.table.rows import Row, read_tables

ROOT = pathlib.Path(__file__).resolve().parents[2]
STUDY = ROOT / "benchmarks" / "results" / "study"
PAGES = ("README.md", "docs/STUDY.md")
MEANS = {
    "random": (0.70, 0.72, 0.71),
    "random_selected": (0.73, 0.74, 0.72),
    "random_mixed_selected": (0.74, 0.76, 0.72),
    "dm": (0.751, 0.772, 0.76),
    "auto": (0.80, 0.79, 0.82),
    "whole": (0.9, 0.92, 0.91),
}


@pytest.fixture
def tables():
    return importlib.import_module("study_tables")


def study(sets=("phantom", "breastmnist"), **means):
    """The rows of a study with three seeds of one network."""
    rows = []
    for name in sets:
        for method, values in (MEANS | means).items():
            for seed, mean in enumerate(values):
                for metric in ("auroc", "balanced_accuracy"):
                    cell = name, method, 10, seed, "test", metric
                    seconds = 90.0 if method in ("dm", "auto") else None
                    rows.append(Row(*cell, mean, 0.01, 1, seconds, 20, 15680))
    return rows


def lines(text):
    return [line.strip("| ").split(" | ") for line in text.splitlines()]


def test_scores_have_a_row_for_each_set_in_the_order_of_the_names(tables):
    head, _, first, second = lines(tables.scores(study(), "auroc", 10))
    assert head == ["random", "best random", "best random, as patches", "DM", "`auto`",
                    "all images"]  # fmt: skip
    assert (first[0], second[0]) == ("BreastMNIST", "`phantom`")
    interval = evaluate.mean_interval(MEANS["dm"])
    assert first[4] == f"0.761 [{interval.low:.3f}, {interval.high:.3f}]"


def test_gains_are_paired_by_seed_and_bold_above_zero(tables):
    head, _, row, _, _, counts = lines(tables.gains(study(), "balanced_accuracy", 10))
    assert head == ["DM", "`auto`", "`auto` − best random, as patches", "`auto` − DM"]
    gap = evaluate.paired_interval(MEANS["auto"], MEANS["dm"])
    assert row[4] == f"{100 * gap.mean:+.1f} [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
    gap = evaluate.paired_interval(MEANS["dm"], MEANS["random_selected"])
    assert gap.low > 0 and row[1].startswith("**+3.1 [") and row[1].endswith("]**")
    assert counts == ["above zero on", "2 of 2", "2 of 2", "0 of 2", "0 of 2"]


def test_the_mean_of_sets_counts_each_set_once(tables):
    other = [row for row in study(("breastmnist",), dm=(0.851, 0.872, 0.9)) if row.seed < 2]
    cells = lines(tables.gains(study(("phantom",)) + other, "auroc", 10))[-2]
    gaps = [np.mean(MEANS["dm"]) - np.mean(MEANS["random_selected"]), 0.1265]
    found = evaluate.mean_interval(gaps)
    assert cells[:2] == ["mean of sets", f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"]


def test_what_is_below_is_counted_and_rounding_hides_no_sign(tables):
    rows = study(dm=(0.7290, 0.7385, 0.7180))
    text = tables.gains(rows, "auroc", 10)
    assert lines(text)[-1][1] == "0 of 2, below on 2"
    assert lines(text)[2][1] == "-0.0015 [-0.0027, -0.0003]"


def test_a_set_without_val_has_no_best_random(tables):
    rows = study() + [row for row in study(("mnist",)) if "selected" not in row.method]
    text = tables.gains(rows, "auroc", 10)
    (mnist,) = [cells for cells in lines(text) if cells[0] == "MNIST"]
    assert mnist[1:4] == ["–"] * 3 and mnist[4] != "–"
    assert lines(text)[-1][1] == "2 of 2" and lines(text)[-1][4] == "0 of 3"
    assert "–" in tables.scores(rows, "auroc", 10)


def test_images_of_patches_are_counted_beside_random_ones_of_their_form(tables):
    # auto beats the best random images, but not those of its own form, which alone count.
    assert tables.shown(study(), "auroc", 10) == (
        "By AUROC, 2 of 4 gains over the best random images of the same form have their interval "
        "above zero, and 0 at a false discovery rate of 5 %.\n"
    )


def test_other_sizes_are_no_part_of_a_table(tables):
    other = study(("phantom", "retinamnist"))
    rows = study() + [row._replace(ipc=1, mean=0.1) for row in other]
    for name, kind in tables.KINDS.items():
        if name != "indicator":
            assert kind(rows, "auroc", 10) == kind(study(), "auroc", 10)


def test_a_page_is_filled_between_its_marks_alone(tables):
    page = "a\n<!-- table: seconds auroc 10 -->\nold\n<!-- end -->\nb\n"
    found = tables.filled(page, study(("phantom",)))
    assert found.startswith("a\n<!-- table: seconds auroc 10 -->\n\n| |") and "old" not in found
    assert "| `phantom` | 90 | 90 |" in found and found.endswith("\n<!-- end -->\nb\n")
    assert tables.filled(found, study(("phantom",))) == found


@pytest.mark.parametrize(
    "page",
    [
        "<!-- table: seconds auroc 10 -->\nlost\n<!-- table: seconds auroc 10 -->\n<!-- end -->\n",
        "<!-- table: seconds auroc -->\n<!-- end -->\n",
    ],
)
def test_a_mark_that_cannot_be_read_is_an_error(tables, page):
    with pytest.raises(ValueError, match="a table has no end"):
        tables.filled(page, study())


def test_pictures_and_figures_beside_the_study_are_those_of_its_table(tables):
    rows = read_tables(STUDY)
    for metric in tables.METRICS:
        svg = (STUDY / f"gains_{metric}_10.svg").read_text()
        assert texts(svg) == texts(tables.picture(rows, metric, 10))
    sentence = tables.indicator(rows, "dm", 10)
    assert sentence in (STUDY / "indicator.md").read_text()


def texts(svg):
    return [node.text for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("text")]


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_have_the_tables_of_the_study(tables, page):
    text = (ROOT / page).read_text()
    assert "<!-- table: gains auroc 10 -->" in text
    assert tables.filled(text, read_tables(STUDY)) == text


def test_a_picture_has_the_gains_over_random_images_alone(tables):
    svg = tables.picture(study(), "auroc", 10)
    assert "BreastMNIST  DM" in svg and "auto, beside patches" in svg
    assert "auto − DM" not in svg
