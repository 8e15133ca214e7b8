import pytest

from medjax.run.report import DECISIONS, seeds_table
from medjax.run.report.seeds_table import difference_text


def test_the_whole_table(seeds_summary):
    assert seeds_table(seeds_summary).splitlines() == [
        "dm · pneumoniamnist · 10 images per class · seeds 0, 1, 2, 3, 4",
        "                           test",
        "                           acc. %             bal. acc. %        AUROC",
        "distilled (selected)       85.3 [83.3, 87.3]  84.2 [82.2, 86.2]  0.921 [0.901, 0.941]",
        "random real images         78.0 [76.0, 80.0]  76.0 [74.0, 78.0]  0.870 [0.850, 0.890]",
        "best random images on val  80.0 [78.0, 82.0]  83.2 [81.2, 85.2]  0.900 [0.880, 0.920]",
        "k-center real images       75.0 [73.0, 77.0]  74.0 [72.0, 76.0]  0.850 [0.830, 0.870]",
        "whole training set         87.0 [85.0, 89.0]  89.3 [87.3, 91.3]  0.953 [0.933, 0.973]",
        "distilled minus            bal. acc. %                  AUROC",
        "random real images         beats +8.2 [+3.1, +13.3]     beats +0.051 [+0.020, +0.082]",
        "best random images on val  not shown +1.0 [-2.0, +4.0]  not shown +0.021 [-0.010, +0.052]",
        "whole training set         is below -5.1 [-8.0, -2.2]   is below -0.032 [-0.050, -0.014]",
        "[low, high]: 95 % intervals over 5 seeds, differences paired by seed",
    ]


def test_a_missing_difference_is_a_dash(seeds_summary):
    del seeds_summary["differences"]["random"]["balanced_accuracy"]
    (line,) = [x for x in seeds_table(seeds_summary).splitlines() if "beats" in x]
    assert line.split()[3:] == ["–", "beats", "+0.051", "[+0.020,", "+0.082]"]


def test_more_metrics_than_three_stand_below(seeds_summary):
    extra = {name: seeds_summary["test"]["auroc"] for name in ("quadratic_weighted_kappa",)}
    seeds_summary["test"] |= extra
    lines = seeds_table(seeds_summary).splitlines()
    assert lines[9].split() == ["kappa"] and max(map(len, lines)) <= 100


def test_one_seed_cannot_tell(seeds_summary):
    gap = {"mean": 0.08, "interval": [None, None], "n": 1, "verdict": "cannot tell"}
    seeds_summary |= {"seeds": [3], "differences": {"random": {"balanced_accuracy": gap}}}
    lines = seeds_table(seeds_summary).splitlines()
    assert lines[0].endswith("· seed 3")
    assert lines[-2].split() == ["random", "real", "images", "cannot", "tell", "+8.0"]
    assert lines[-1] == (
        "one seed cannot tell whether a difference is more than chance; --config.seeds=5 runs five"
    )


def test_networks_that_diverged_are_counted_over_seeds(seeds_summary):
    seeds_summary["test"]["auroc"] |= {"values": [[0.5, 0.9]] * 5, "diverged": 3}
    assert seeds_table(seeds_summary).splitlines()[-1] == (
        "Networks that diverged count as guessing: 3 of 10 of distilled (selected)."
    )


def test_decisions_are_left_to_the_report(seeds_summary):
    before = seeds_table(seeds_summary)
    seeds_summary["test"] |= dict.fromkeys(DECISIONS, seeds_summary["test"]["auroc"])
    assert seeds_table(seeds_summary) == before


def test_warnings_about_the_data_come_last(seeds_summary):
    seeds_summary["data"]["warnings"] = ["leakage: 1 image"]
    assert seeds_table(seeds_summary).splitlines()[-1] == "warning: leakage: 1 image"


@pytest.mark.parametrize(
    ("metric", "text"),
    [("balanced_accuracy", "-5.0 [-9.0, +1.0]"), ("auroc", "-0.050 [-0.090, +0.010]")],
)
def test_difference_text(metric, text):
    assert difference_text({"mean": -0.05, "interval": [-0.09, 0.01]}, metric) == text
