import numpy as np
import pytest

from medjax import evaluate


@pytest.mark.parametrize(
    ("labels", "task", "first"),
    [
        ([0, 0, 0, 1, 1], "binary-class", "accuracy"),  # exactly 60 %
        ([0, 0, 0, 0, 1, 1], "ordinal-regression", "balanced_accuracy"),
        ([[0, 1], [1, 0]], "multi-label, binary-class", "auroc"),
    ],
)
def test_the_metric_that_comes_first(labels, task, first):
    assert evaluate.headline(np.array(labels), task=task) == first


def test_differences_are_in_points():
    assert evaluate.ior(0.8, 0.65) == pytest.approx(15.0)
    assert evaluate.hlr(0.9, 0.8) == pytest.approx(10.0)
