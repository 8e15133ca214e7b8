import pytest

from medjax.run.report import results_table
from medjax.run.report.table import DECISIONS, image_range, metric_text, result_rows, title


def test_the_whole_table(summary):
    assert results_table(summary).splitlines() == [
        "dm · pneumoniamnist · 10 images per class · seed 0",
        "                       val                                     test",
        "                       acc. %      bal. acc. %  AUROC          "
        "acc. %      bal. acc. %  AUROC",
        "distilled (selected)   90.0 ± 1.0  88.0 ± 1.0   0.961 ± 0.010  "
        "85.3 ± 1.0  84.2 ± 1.0   0.921 ± 0.010",
        "distilled (last step)  89.0 ± 1.0  87.0 ± 1.0   0.955 ± 0.010  "
        "84.8 ± 1.0  83.5 ± 1.0   0.918 ± 0.010",
        "random real images     80.0 ± 1.0  78.0 ± 1.0   0.900 ± 0.010  "
        "78.0 ± 3.0  76.0 ± 3.0   0.870 ± 0.030",
        "k-center real images   –           –            –              "
        "75.0 ± 1.0  74.0 ± 1.0   0.850 ± 0.010",
        "whole training set     95.0 ± 1.0  94.0 ± 1.0   0.990 ± 0.010  "
        "87.0 ± 0.4  89.3 ± 0.4   0.953 ± 0.004",
        "IOR +8.2 points of balanced accuracy (distilled − random)",
        "HLR +5.1 points of balanced accuracy (whole − distilled)",
        "one seed cannot tell whether a difference is more than chance; --config.seeds=5 runs five",
    ]


def test_without_val_the_columns_are_gone(summary):
    summary |= {"val": None, "val_last": None, "baselines_val": None, "ior": -1.25, "hlr": None}
    lines = results_table(summary).splitlines()
    assert lines[1].split() == ["test"]
    assert lines[3] == "distilled (selected)   85.3 ± 1.0  84.2 ± 1.0   0.921 ± 0.010"
    assert lines[-2] == "IOR -1.2 points of balanced accuracy (distilled − random)"


def test_gaps_name_what_was_compared(summary):
    summary |= {"ior_selected": 0.5, "hlr_whole": "whole_balanced"}
    assert results_table(summary).splitlines()[-3:-1] == [
        "IOR +0.5 points of balanced accuracy (distilled − best random on val)",
        "HLR +5.1 points of balanced accuracy (balanced whole − distilled)",
    ]


def test_nothing_measured_is_only_a_title(summary):
    bare = {name: summary[name] for name in ("method", "dataset", "ipc", "seed")}
    assert results_table(bare) == title(summary)
    assert result_rows(bare) == []


@pytest.mark.parametrize(
    ("ipc", "text"),
    [
        (1, "1 image per class"),
        (1250, "1,250 images per class"),
        ("proportional", "ipc proportional"),
        ([1, 2], "ipc [1, 2]"),
    ],
)
def test_title_takes_every_ipc(summary, ipc, text):
    assert title(summary | {"ipc": ipc}) == f"dm · pneumoniamnist · {text} · seed 0"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"mean": 0.5, "std": 0.25, "n": 5}, "0.500 ± 0.250"),
        ({"mean": 0.5, "std": 0.0, "n": 1}, "0.500"),
        ({"mean": 0.5, "std": None, "n": 5}, "0.500"),
        ({"mean": None, "std": None, "n": 5}, "–"),
        ({}, "–"),
    ],
)
def test_metric_text(entry, text):
    assert metric_text({"auroc": entry}, "auroc") == text
    assert metric_text({}, "auroc") == "–"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"mean": 0.9, "image_interval": [0.85, 0.9449]}, "0.850–0.945"),
        ({"mean": 0.9, "image_interval": [None, None]}, ""),
        ({"mean": 0.9, "image_interval": None}, ""),
        ({}, ""),
    ],
)
def test_image_range(entry, text):
    assert image_range({"auroc": entry}, "auroc", digits=3) == text
    assert image_range(None, "auroc", digits=3) == ""


def test_the_metric_that_tells_most_comes_first(summary):
    lines = results_table(summary | {"headline": "balanced_accuracy"}).splitlines()
    heads = lines[2]
    assert heads.index("bal. acc. %") < heads.index(" acc. %") < heads.index("AUROC")
    assert "84.2 ± 1.0   85.3 ± 1.0  0.921 ± 0.010" in lines[3]


def test_more_metrics_than_three_stand_split_under_split(summary):
    kappa = {"quadratic_weighted_kappa": {"mean": 0.5, "std": 0.1, "n": 5}}
    error = {"mean_absolute_error": {"mean": 0.75, "std": 0.1, "n": 5}}
    summary |= {split: summary[split] | kappa | error for split in ("val", "test")}
    lines = results_table(summary).splitlines()
    assert [line.split() for line in lines[1::7][:2]] == [["val"], ["test"]]
    heads = ["acc.", "%", "bal.", "acc.", "%", "AUROC", "kappa", "MAE"]
    assert lines[2].split() == lines[9].split() == heads
    assert lines[3].endswith("0.961 ± 0.010  0.500 ± 0.100  0.750 ± 0.100")
    assert max(map(len, lines)) <= 100


def test_calibration_leaves_two_splits_side_by_side(summary):
    before = results_table(summary)
    more = {name: {"mean": 0.5, "std": 0.1, "n": 5} for name in DECISIONS}
    summary |= {split: summary[split] | more for split in ("val", "test")}
    assert results_table(summary) == before


def test_networks_that_diverged_are_a_line(summary):
    for entry in summary["test"].values():
        entry["diverged"] = 1
    summary["val_last"]["auroc"]["diverged"] = 2
    summary["baselines"]["random"]["auroc"]["diverged"] = 0
    assert results_table(summary).splitlines()[-1] == (
        "Networks that diverged count as guessing: 1 of 5 of distilled (selected), "
        "2 of 5 of distilled (last step)."
    )


def test_warnings_about_the_data_come_last(summary):
    summary["data"]["warnings"] = ["leakage: 1 image in both splits of train–test"]
    assert results_table(summary).splitlines()[-2:] == [
        "one seed cannot tell whether a difference is more than chance; --config.seeds=5 runs five",
        "warning: leakage: 1 image in both splits of train–test",
    ]
