"""The scores of networks from logits, and their summary."""

import json

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics as oracle

from medjax import evaluate
from medjax.errors import UserError


def test_score_ranks_by_probabilities_not_by_raw_logits(case):
    logits, labels = case(3, decimals=3)
    logits = logits + np.random.default_rng(1).normal(size=(3, 200, 1)).astype(np.float32) * 5
    result = evaluate.score(logits, labels, task="multi-class")
    probabilities = softmax(logits.astype(np.float64), axis=-1)
    np.testing.assert_allclose(result["auroc"], evaluate.auroc(probabilities, labels))
    assert (np.abs(result["auroc"] - evaluate.auroc(logits, labels)) > 0.01).all()


def test_score_of_a_binary_task_is_medmnists(case):
    """Its evaluator takes softmax probabilities: the AUC of the last, accuracy at > 0.5."""
    logits, labels = case(2)
    result = evaluate.score(logits, labels, task="binary-class")
    positive = softmax(logits.astype(np.float64), axis=-1)[..., 1]
    np.testing.assert_allclose(
        result["auroc"], [oracle.roc_auc_score(labels, p) for p in positive], rtol=1e-12
    )
    np.testing.assert_allclose(
        result["accuracy"], [oracle.accuracy_score(labels, p > 0.5) for p in positive]
    )


def test_only_an_ordinal_task_has_a_kappa(case):
    logits, labels = case(5)
    plain = evaluate.score(logits, labels, task="multi-class")
    ordinal = evaluate.score(logits, labels, task="ordinal-regression")
    assert set(plain) == {"accuracy", "balanced_accuracy", "auroc", "ece", "brier"}
    assert set(ordinal) == {*plain, "quadratic_weighted_kappa", "mean_absolute_error"}
    lower_is_better = {"mean_absolute_error", "ece", "brier"}
    assert not lower_is_better & {*evaluate.selectable_metrics("ordinal-regression")}
    assert all(values.shape == (3,) for values in ordinal.values())


@pytest.mark.parametrize(
    ("task", "ece", "brier"), [("binary-class", 0.3, 0.34), ("multi-class", 0.3, 0.68)]
)
def test_every_task_has_a_calibration(task, ece, brier):
    """Sure to 0.8 and right in half of the images; a third class has no probability."""
    logits = np.log([[0.2, 0.8]] * 4)
    if task == "multi-class":
        logits = np.pad(logits, [(0, 0), (0, 1)], constant_values=-1e3)
    result = evaluate.score(logits, np.array([1, 1, 0, 0]), task=task)
    assert (result["ece"], result["brier"]) == (pytest.approx(ece), pytest.approx(brier))


def test_huge_logits_do_not_overflow():
    logits = np.array([[1e4, 0.0], [0.0, 1e4], [0.0, 2e4]], np.float32)
    result = evaluate.score(logits, np.array([0, 1, 1]), task="binary-class")
    assert result["auroc"] == 1.0


def test_bad_input_is_named(case):
    logits, labels = case(3)
    with pytest.raises(UserError, match="did you mean 'multi-class'"):
        evaluate.score(logits, labels, task="multiclass")
    with pytest.raises(UserError, match=r"199 labels .* \[3, 200, 3\]"):
        evaluate.score(logits, labels[1:], task="multi-class")
    with pytest.raises(UserError, match="no images"):
        evaluate.score(logits[:, :0], labels[:0], task="multi-class")
    logits[1, 7] = np.nan
    with pytest.raises(UserError, match=r"not finite.*network 1 of 3"):
        evaluate.score(logits, labels, task="multi-class")


def test_summary_is_the_population_spread():
    summary = evaluate.summarize(np.array([0.5, 0.7, 0.9], np.float32))
    assert summary == {
        "mean": pytest.approx(0.7),
        "std": pytest.approx(np.sqrt(0.08 / 3)),
        "n": 3,
        "values": [pytest.approx(value) for value in (0.5, 0.7, 0.9)],
    }
    assert evaluate.summarize(np.float64(0.25)) == {
        "mean": 0.25,
        "std": 0.0,
        "n": 1,
        "values": [0.25],
    }


def test_a_summary_goes_through_json_unchanged():
    summary = evaluate.summarize(np.random.default_rng(0).random(5))
    assert json.loads(json.dumps(summary)) == summary
    assert summary["mean"] == np.mean(summary["values"])
