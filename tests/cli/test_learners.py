"""What the command says of learners."""

import jax
import numpy as np
import pytest

from medjax import data, evaluate
from medjax.cli import learners
from medjax.evaluate import Interval

NAN = float("nan")


@pytest.fixture
def compared(monkeypatch):
    """``compared(differences)``, for which learners find these; ``calls`` are their arguments."""

    def compared(differences, *, task="binary-class", whitening=None):
        scores = {"test": {"auroc": {"mean": 0.5, "std": 0.0, "n": 1}}}

        def compare_learner(name, *arguments, **_):
            compared.calls.append(arguments)
            return evaluate.LearnerScores(scores, scores, differences[name])

        monkeypatch.setattr(evaluate, "compare_learner", compare_learner)
        real = data.Split(np.arange(24, dtype=np.uint8).reshape(4, 2, 3, 1), np.arange(4) % 2)
        benchmark = evaluate.Benchmark({"test": real}, None, task)
        dataset = type("Dataset", (), {"train": real, "num_classes": 2})
        keys, names = jax.random.split(jax.random.key(0), 5), list(differences)
        return learners.compare(names, keys, real, dataset, benchmark, whitening=whitening)

    compared.calls = []
    return compared


def test_a_line_says_with_which_learners_the_set_is_better(compared):
    found = compared(
        {
            "logistic": Interval(0.05, 0.03, 0.0712, 5),
            "knn": Interval(0.01, -0.01, 0.03, 5),
            "mlp": Interval(0.02, 0.001, 0.04, 5),
        }
    )
    assert found.lines == [
        "Against as many random real images, in points of balanced accuracy on test (95 % "
        "prediction interval of 5 draws): the set beats them with logistic +5.0 (+3.0 to +7.1), "
        "mlp +2.0 (+0.1 to +4.0); a difference is not shown with knn +1.0 (-1.0 to +3.0)."
    ]
    assert [row.name for row in found.rows[:2]] == ["logistic", "random images, logistic"]
    assert found.content["knn"]["verdict"] == "not shown"
    assert found.content["knn"]["difference"] == {
        **{"metric": "balanced_accuracy", "mean": 0.01, "low": -0.01, "high": 0.03, "n": 5}
    }


def test_findings_are_compared_by_auroc_and_one_draw_cannot_tell(compared):
    found = compared({"knn": Interval(-0.01, NAN, NAN, 1)}, task="multi-label, binary-class")
    assert found.lines[0].endswith(
        "in points of AUROC on test (95 % prediction interval of 1 draw): one draw cannot tell "
        "with knn -1.0."
    )
    below = compared({"knn": Interval(-0.05, -0.06, -0.04, 5)}).lines[0]
    assert below.endswith("the set is below them with knn -5.0 (-6.0 to -4.0).")


def test_no_learner_says_nothing(compared):
    assert compared({}) == ({}, [], [])


def test_random_images_are_whitened_as_those_to_score_on(compared):
    whitening = type("Whitening", (), {"whiten": staticmethod(lambda images: images / 5)})
    for chosen, wanted in ((whitening, [0, 1.2, 2.4, 3.6]), (None, [0, 6, 12, 18])):
        compared({"knn": Interval(0.0, NAN, NAN, 1)}, whitening=chosen)
        (_, draws, _) = compared.calls[-1]
        assert len(draws) == 5
        for draw in draws:
            order = np.argsort(draw.images[:, 0, 0, 0])
            np.testing.assert_allclose(draw.images[order, 0, 0, 0], wanted)
            np.testing.assert_array_equal(draw.labels[order], [0, 1, 0, 1])
