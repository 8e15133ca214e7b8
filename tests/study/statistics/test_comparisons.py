"""Ways compared by seed: only of one form and one set, and only seeds that both have."""

import csv

import numpy as np

from medjax import evaluate
from medjax.study.report.page import write_page
from medjax.study.statistics.comparisons import compare_ways, write_comparisons
from medjax.study.table.rows import Row


def rows(way, means, *, dataset="x/iid_2", split="test", metric="auroc", seeds=None):
    seeds = range(len(means)) if seeds is None else seeds
    return [
        Row(dataset, way, 10, seed, split, metric, mean, 0.0, 3, 1.0, 4, 8)
        for seed, mean in zip(seeds, means, strict=True)
    ]


OURS = [0.90, 0.95, 0.92]
THEIRS = [0.80, 0.86, 0.81]
TABLE = [
    *rows("sites/distilled_union", OURS),
    *rows("sites/random_union", THEIRS),
    *rows("sites/central", [0.99, 0.97], seeds=(2, 0)),
    *rows("sites/whole_alone_1", THEIRS),
    *rows("sites/whole_alone", THEIRS),
    *rows("sites/fedavg_10", [0.5], dataset="y/iid_2"),
    *rows("sites/ensemble", THEIRS, split="val"),
    *rows("sites/fedavg_1", [0.5], seeds=(7,)),
    *rows("dm", THEIRS),
    *rows("transfer/whole", [0.7, 0.8, 0.6]),
    *rows("transfer/distilled", [0.6, 0.7, 0.7]),
]


def test_other_ways_of_the_same_form_and_set_are_compared():
    found = [(one.ours, one.theirs) for one in compare_ways(TABLE)]
    union = "sites/distilled_union"
    assert found == [
        (union, "sites/random_union"),
        (union, "sites/central"),
        (union, "sites/whole_alone"),
        ("transfer/distilled", "transfer/whole"),
    ]


def test_differences_are_paired_by_seed():
    random, central, *_ = compare_ways(TABLE)
    expected = evaluate.paired_interval(OURS, THEIRS)
    np.testing.assert_allclose([*random.difference], [*expected])
    expected = evaluate.paired_interval([0.90, 0.92], [0.97, 0.99])
    np.testing.assert_allclose([*central.difference], [*expected])


def test_one_seed_cannot_tell(tmp_path):
    first = [row for row in TABLE if row.seed == 0]
    found = compare_ways(first)
    write_comparisons(tmp_path / "comparisons.csv", found)
    with open(tmp_path / "comparisons.csv", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["theirs"] for line in lines] == [one.theirs for one in found]
    assert {line["verdict"] for line in lines} == {"cannot tell"}
    assert float(lines[0]["mean"]) == found[0].difference.mean and lines[0]["low"] == "nan"


def test_the_page_has_them_and_no_claims(tmp_path):
    write_page(tmp_path / "report.html", TABLE, jobs=(3, 3))
    page = (tmp_path / "report.html").read_text()
    assert "<td>sites/random_union</td><td>beats +0.100 [+0.075, +0.125]</td><td>3</td>" in page
    assert "Where each method is of use" not in page


def test_a_grid_has_none():
    assert compare_ways(rows("dm", OURS)) == []
