"""The guide: each sentence has its cells, and each value is that of the table."""

import pathlib

import pytest

from medjax.errors import UserError
from medjax.study.guide import FORMULAS, complaints, read_guide
from medjax.study.table.rows import Row, read_tables

ROOT = pathlib.Path(__file__).resolve().parents[2]
STUDY = ROOT / "benchmarks" / "results" / "study"
MEANS = {"random": (0.70, 0.72, 0.71), "random_selected": (0.73, 0.74, 0.72)}
MEANS |= {"dm": (0.751, 0.772, 0.76), "whole": (0.9, 0.92, 0.91), "chance": (0.5, 0.5, 0.5)}


def table(sets=("scans", "cells"), *, worse=()):
    rows = []
    for name in sets:
        for method, means in MEANS.items():
            for seed, mean in enumerate(means):
                cell = name, method, 10, seed, "test", "balanced_accuracy"
                mean -= 0.2 * (method == "dm" and name in worse)
                images = 1000 if method == "whole" else 20
                seconds = 90.0 + seed if method == "dm" else None
                rows.append(Row(*cell, mean, 0.01, 5, seconds, images, images * 784))
    return rows


DM = "dataset=scans, method=dm, ipc=10"
GUIDE = f"""# Title

An introduction of 7 sentences needs no cell. Nor does another.

## When

- DM gains **5.1** points over random images on scans at 10 images per class, and
  **beats** them. <!-- 5.1 = gain({DM}); beats = verdict({DM}) -->
- It recovers 63.7 % of it. <!-- 63.7 = recovery({DM}) --> It takes 1.5 minutes.
  <!-- 1.5 = minutes({DM}) -->

## Where

DM beats random images on 2 of 2 data sets. <!-- 2 = sets_beaten(method=dm, ipc=10);
2 = sets(method=dm, ipc=10) -->
"""


def test_a_guide_that_agrees_has_no_complaint():
    assert complaints(GUIDE, table()) == []
    texts = [sentence.text for sentence in read_guide(GUIDE)]
    assert len(texts) == 4 and texts[2] == "It takes 1.5 minutes."


def test_another_table_makes_it_wrong():
    found = complaints(GUIDE, table(worse=("scans",)))
    assert len(found) == 4  # gain, verdict, recovery, and the number of data sets
    assert "gain(dataset=scans, method=dm, ipc=10) is -14.9 and not 5.1" in found[0]
    assert "is below and not beats" in found[1]
    assert "sets_beaten(method=dm, ipc=10) is 1 and not 2" in found[3]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("DM is good.", "no cell for the sentence 'DM is good.'"),
        (f"DM is good. It gains 5.1. <!-- 5.1 = gain({DM}) -->", "no cell for the sentence 'DM is"),
        (f"It gains 5.1. <!-- 5.1 = gain({DM}) --> Then more.", "no cell for the sentence 'Then"),
        (f"It gains 5.1 of 12. <!-- 5.1 = gain({DM}) -->", "no cell for the number 12"),
        (f"It gains 5.1 of 15.1. <!-- 5.1 = gain({DM}) -->", "no cell for the number 15.1"),
        (f"It gains five. <!-- 5.1 = gain({DM}) -->", "5.1 is not in the sentence"),
        (
            "It gains 1. <!-- 1 = gain(dataset=x, method=dm, ipc=10) -->",
            "the table has no gain(data",
        ),
        ("On 2. <!-- 2 = sets(method=dc, ipc=10) -->", "the table has no sets(method=dc"),
        (f"It gains 5.2. <!-- 5.2 = gain({DM}) -->", "is 5.1 and not 5.2"),
        (f"It gains 5.10. <!-- 5.10 = gain({DM}) -->", ""),
        (f"It gains +5. <!-- +5 = gain({DM}) -->", ""),
        (f"It gains 5. <!-- 5 = gain({DM}, metric=auroc) -->", "the table has no gain"),
        (f"On scans it is 2.0 %. <!-- 2.0 = share_of_images({DM}) -->", ""),
        (f"It has 15.7 kB. <!-- 15.7 = kilobytes({DM}) -->", ""),
        ("On average 5.1. <!-- 5.1 = mean_gain(method=dm, ipc=10) -->", ""),
    ],
)
def test_each_line_is_checked(line, complaint):
    found = complaints(f"## When\n\n{line}\n", table())
    assert (len(found) == 1 and complaint in found[0]) if complaint else found == []


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("five", "cannot read 'five'"),
        ("5 = gian(method=dm)", "did you mean 'gain'"),
        ("5 = gain(methot=dm)", "did you mean 'method'"),
        ("5 = gain(method=dm, ipc=10)", "takes a dataset, a method and an ipc"),
        (f"5 = sets({DM})", "takes a method and an ipc"),
        (f"5 = gain({DM}, metric=auc)", "unknown metric of a cell"),
    ],
)
def test_a_comment_that_cannot_be_read_is_refused(comment, complaint):
    with pytest.raises(UserError, match=complaint):
        complaints(f"## When\n\nIt gains 5. <!-- {comment} -->\n", table())


def test_every_formula_has_a_value():
    for name in FORMULAS:
        options = "method=dm, ipc=10" if name.startswith(("sets", "mean")) else DM
        (found,) = complaints(f"## When\n\nIt is q. <!-- q = {name}({options}) -->", table())
        assert "and not q" in found


def test_the_guide_agrees_with_the_table_of_the_study():
    text = (ROOT / "docs" / "GUIDE.md").read_text()
    if not (STUDY / "table.csv").exists():
        assert "not yet run" in text and read_guide(text) == []
        return
    assert complaints(text, read_tables(STUDY)) == [] and read_guide(text)
