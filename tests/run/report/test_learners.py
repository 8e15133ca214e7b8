"""What is said of learners."""

import pytest

from medjax.run.report import learners

SCORES = {"test": {"auroc": {"mean": 0.5, "std": 0.0, "n": 1}}}


def found(name, mean, low, high, n, verdict, *, metric="balanced_accuracy"):
    gap = {"metric": metric, "mean": mean, "low": low, "high": high, "n": n}
    return {name: {"set": SCORES, "random": SCORES, "difference": gap, "verdict": verdict}}


SEVERAL = {
    **found("logistic", 0.05, 0.03, 0.0712, 5, "beats"),
    **found("knn", 0.01, -0.01, 0.03, 5, "not shown"),
    **found("mlp", 0.02, 0.001, 0.04, 5, "beats"),
}
LINE = (
    "Against as many random real images, in points of balanced accuracy on test (95 % prediction "
    "interval of 5 draws): the set beats them with logistic +5.0 (+3.0 to +7.1), mlp +2.0 (+0.1 "
    "to +4.0); a difference is not shown with knn +1.0 (-1.0 to +3.0)."
)


def test_a_line_says_with_which_learners_the_set_is_better():
    assert learners.lines(SEVERAL) == [LINE]
    names = [row.name for row in learners.rows(SEVERAL)]
    assert names[:2] == ["logistic", "random images, logistic"] and len(names) == 6


@pytest.mark.parametrize("missing", [None, float("nan")])  # in a file, and before
def test_one_draw_cannot_tell_and_a_set_may_be_below(missing):
    (line,) = learners.lines(
        found("knn", -0.01, missing, missing, 1, "cannot tell", metric="auroc")
    )
    assert line.endswith(
        "in points of AUROC on test (95 % prediction interval of 1 draw): one draw cannot tell "
        "with knn -1.0."
    )
    (line,) = learners.lines(found("knn", -0.05, -0.06, -0.04, 5, "is below"))
    assert line.endswith("the set is below them with knn -5.0 (-6.0 to -4.0).")


def test_of_several_seeds_the_interval_is_over_them():
    assert learners.said({"learners": SEVERAL}) == [LINE]
    (line,) = learners.said({"learners": SEVERAL, "seeds": [0, 1, 2, 3, 4]})
    assert "(95 % interval over 5 seeds): the set beats them with logistic +5.0 (+3.0" in line
    one = found("knn", -0.01, None, None, 1, "cannot tell")
    (line,) = learners.said({"learners": one, "seeds": [3]})
    assert line.endswith("(95 % interval over 1 seed): one seed cannot tell with knn -1.0.")


def test_no_learner_says_nothing():
    assert learners.lines({}) == learners.rows({}) == learners.said({}) == []
