"""What learners are given, and what is kept of their scores."""

import jax
import numpy as np
import pytest

from medjax import data, evaluate
from medjax.evaluate import Interval
from medjax.run.judging import judge_learners

NAN = float("nan")


@pytest.fixture
def judged(monkeypatch):
    """``judged(differences)``, for which learners find these; ``calls`` are their arguments."""

    def judged(differences, *, labels=None, task="binary-class", whitening=None):
        scores = {"test": {"auroc": {"mean": 0.5, "std": 0.0, "n": 1}}}

        def compare_learner(name, *arguments, **_):
            judged.calls.append(arguments)
            return evaluate.LearnerScores(scores, scores, differences[name])

        monkeypatch.setattr(evaluate, "compare_learner", compare_learner)
        real = data.Split(np.arange(24, dtype=np.uint8).reshape(4, 2, 3, 1), np.arange(4) % 2)
        ours = data.Split(real.images, real.labels if labels is None else np.array(labels))
        benchmark = evaluate.Benchmark({"test": real}, None, task)
        dataset = type("Dataset", (), {"train": real, "num_classes": 2})
        keys = jax.random.split(jax.random.key(0), 5)
        return judge_learners(
            list(differences),
            keys,
            ours,
            (dataset, whitening),
            benchmark,
            watch=lambda *told: judged.told.append(told),
        )

    judged.calls, judged.told = [], []
    return judged


def test_what_is_kept_and_told(judged):
    found = judged({"knn": Interval(0.01, -0.01, 0.03, 5), "mlp": Interval(0.0, NAN, NAN, 1)})
    assert list(found) == ["knn", "mlp"]
    assert list(found["knn"]) == ["set", "random", "difference", "verdict"]
    assert found["knn"]["difference"] == {
        **{"metric": "balanced_accuracy", "mean": 0.01, "low": -0.01, "high": 0.03, "n": 5}
    }
    assert [one["verdict"] for one in found.values()] == ["not shown", "cannot tell"]
    what = "4 images, and 5 draws of random images"
    assert judged.told == [(f"{x}: {what}", done) for x in ("knn", "mlp") for done in (0.0, 1.0)]


def test_findings_are_compared_by_auroc(judged):
    found = judged({"knn": Interval(0.0, NAN, NAN, 1)}, task="multi-label, binary-class")
    assert found["knn"]["difference"]["metric"] == "auroc"


def test_no_learner_says_nothing(judged):
    assert judged({}) == {} and judged.told == []


def test_of_soft_labels_the_most_probable_class_counts(judged):
    judged({"knn": Interval(0.0, NAN, NAN, 1)}, labels=[[0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    ((ours, draws, _),) = judged.calls
    assert ours.labels.tolist() == [0, 1, 1]
    assert {tuple(np.bincount(draw.labels)) for draw in draws} == {(1, 2)}


def test_random_images_are_whitened_as_those_to_score_on(judged):
    whitening = type("Whitening", (), {"whiten": staticmethod(lambda images: images / 5)})
    for chosen, wanted in ((whitening, [0, 1.2, 2.4, 3.6]), (None, [0, 6, 12, 18])):
        judged({"knn": Interval(0.0, NAN, NAN, 1)}, whitening=chosen)
        (_, draws, _) = judged.calls[-1]
        assert len(draws) == 5
        for draw in draws:
            order = np.argsort(draw.images[:, 0, 0, 0])
            np.testing.assert_allclose(draw.images[order, 0, 0, 0], wanted)
            np.testing.assert_array_equal(draw.labels[order], [0, 1, 0, 1])
