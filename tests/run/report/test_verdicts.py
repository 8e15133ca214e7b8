"""The words for differences follow the intervals."""

import pytest

from medjax import evaluate
from medjax.run.report.verdicts import comparisons


def gap(mean, low, high, n=5):
    verdict = evaluate.verdict(evaluate.Interval(mean, low, high, n))
    return {"mean": mean, "interval": [low, high], "n": n, "verdict": verdict}


def said(**gaps):
    found = {name: {"balanced_accuracy": entry} for name, entry in gaps.items()}
    return comparisons({"differences": found})


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            gap(0.08, 0.03, 0.13),
            "In balanced accuracy, the distilled set beats random real images by 8.0 points (95 % "
            "interval 3.0 to 13.0).",
        ),
        (
            gap(-0.08, -0.13, -0.03),
            "In balanced accuracy, the distilled set is below random real images by 8.0 points "
            "(95 % interval 3.0 to 13.0).",
        ),
        (
            gap(0.08, -0.01, 0.17),
            "In balanced accuracy, a difference from random real images (+8.0 points, 95 % "
            "interval -1.0 to +17.0) is not shown.",
        ),
    ],
)
def test_a_mean_is_never_enough(entry, sentence):
    assert said(random=entry) == [sentence]


def test_one_seed_cannot_tell():
    assert said(random=gap(0.08, float("nan"), float("nan"), n=1)) == [
        "In balanced accuracy, the distilled set is 8.0 points above random real images.",
        "One seed cannot tell whether a difference is more than chance.",
    ]


def test_a_difference_of_nothing_has_no_direction():
    alike = gap(0.0004, float("nan"), float("nan"), n=1)
    assert said(random=alike)[0] == "In balanced accuracy, the distilled set is level with " + (
        "random real images."
    )


def test_metrics_of_one_seed_point_in_different_directions():
    one = {"interval": [None, None], "n": 1, "verdict": "cannot tell"}
    found = {"auroc": one | {"mean": -0.1}, "balanced_accuracy": one | {"mean": 0.1}}
    _, disagreement, caution = comparisons({"differences": {"whole": found}})
    assert "is above all images in balanced accuracy only. " in disagreement
    assert caution.startswith("One seed cannot tell")


def test_several_baselines_are_listed_by_what_is_shown():
    first, second = said(
        random=gap(0.08, 0.03, 0.13),
        random_selected=gap(0.02, 0.01, 0.03),
        whole=gap(-0.01, -0.03, 0.01),
    )
    assert "beats random real images by 8.0 points (" in first
    assert "13.0) and the best random subset by 2.0 points (" in first
    assert second.startswith("A difference from the whole training set (-1.0 points, ")


def test_k_center_is_in_the_table_alone():
    assert said(kcenter=gap(0.08, 0.03, 0.13)) == []


def test_nothing_compared_is_nothing_said():
    assert comparisons({}) == comparisons({"differences": {}}) == []


def test_the_metric_of_the_run_is_used():
    found = {"random": {"auroc": gap(0.08, 0.03, 0.13)}}
    assert comparisons({"differences": found}) == []
    (line,) = comparisons({"differences": found, "compared_by": "auroc"})
    assert line.startswith("In AUROC, the distilled set beats")


@pytest.mark.parametrize(
    ("area", "disagree"),
    [
        (gap(-0.08, -0.13, -0.03), True),
        (gap(-0.08, -0.17, 0.01), False),  # not shown, so nothing disagrees
        (gap(0.08, 0.03, 0.13), False),
    ],
)
def test_metrics_disagree_if_both_differences_are_shown(area, disagree):
    both = {"auroc": area, "balanced_accuracy": gap(0.08, 0.03, 0.13)}
    lines = comparisons({"differences": {"random": both}})
    assert ("AUROC and balanced accuracy disagree" in lines[-1]) == disagree
    if disagree:
        assert "is above random images in balanced accuracy only. " in lines[-1]
