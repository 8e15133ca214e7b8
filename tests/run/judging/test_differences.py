"""Differences are paired by seed, and their words follow the interval."""

import pytest

from medjax import evaluate
from medjax.run.judging.differences import differences


def scores(auroc, balanced=None):
    made = {"auroc": {"mean": auroc}}
    return made if balanced is None else made | {"balanced_accuracy": {"mean": balanced}}


def run(ours, **baselines):
    return {"test": scores(ours), "baselines": {k: scores(v) for k, v in baselines.items()}}


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ((0.90, 0.92, 0.91), "beats"),
        ((0.70, 0.72, 0.71), "is below"),
        ((0.90, 0.70, 0.99), "not shown"),  # a higher mean is not enough
        ((0.90,), "cannot tell"),
    ],
)
def test_the_verdict_follows_the_interval(ours, verdict):
    theirs = (0.80, 0.81, 0.82)[: len(ours)]
    runs = [run(a, random=b) for a, b in zip(ours, theirs, strict=True)]
    found = differences(runs)["random"]["auroc"]
    assert found["verdict"] == verdict and found["n"] == len(ours)
    assert found["values"] == pytest.approx([a - b for a, b in zip(ours, theirs, strict=True)])
    expected = evaluate.paired_interval(ours, theirs)
    assert found["mean"] == expected.mean
    assert found["interval"] == ([None, None] if len(ours) == 1 else [expected.low, expected.high])


def test_pairing_removes_what_a_seed_changes_in_both():
    runs = [run(0.60, random=0.50), run(0.95, random=0.86), run(0.75, random=0.64)]
    assert differences(runs)["random"]["auroc"]["verdict"] == "beats"
    shuffled = [run(0.60, random=0.86), run(0.95, random=0.64), run(0.75, random=0.50)]
    assert differences(shuffled)["random"]["auroc"]["verdict"] == "not shown"


def test_all_images_are_the_better_training_of_each_run():
    runs = [
        run(0.9, whole=0.8, whole_balanced=0.7) | {"hlr_whole": "whole"},
        run(0.9, whole=0.8, whole_balanced=0.7) | {"hlr_whole": "whole_balanced"},
        run(0.9, whole=0.8),  # of an older version
    ]
    assert differences(runs)["whole"]["auroc"]["values"] == pytest.approx([0.1, 0.2, 0.1])


def test_what_one_run_did_not_measure_is_absent():
    both = {"test": scores(0.9, 0.8), "baselines": {"random": scores(0.8, 0.7)}}
    assert list(differences([both])["random"]) == ["auroc", "balanced_accuracy"]
    assert list(differences([both, run(0.9, random=0.8)])["random"]) == ["auroc"]
    assert differences([both, run(0.9)]) == {}
