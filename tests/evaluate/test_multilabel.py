"""Multi-label metrics against scikit-learn's and the definitions of MedMNIST's evaluator."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics as oracle

from medjax import data, evaluate
from medjax.errors import UserError

TASK = "multi-label, binary-class"


def _case(*, decimals=1, stacked=3, n=150):
    """Rare and common findings, and coarse scores with many ties."""
    rng = np.random.default_rng(0)
    labels = (rng.random((n, 4)) < [0.05, 0.2, 0.5, 0.9]).astype(np.int32)
    logits = rng.normal(size=(stacked, n, 4)) + 1.5 * labels - 1
    return np.round(logits, decimals).astype(np.float32), labels


@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_areas_are_sklearns(decimals):
    logits, labels = _case(decimals=decimals)
    result = evaluate.score(logits, labels, task=TASK)
    scores = expit(logits.astype(np.float64))
    for name, theirs in (
        ("auroc", oracle.roc_auc_score),
        ("average_precision", oracle.average_precision_score),
    ):
        expected = [theirs(labels, s, average="macro") for s in scores]
        np.testing.assert_allclose(result[name], expected, rtol=1e-12, err_msg=name)


def test_accuracy_is_medmnists():
    """Its evaluator takes probabilities above 0.5, label by label, and averages over labels."""
    logits, labels = _case(decimals=0)  # with probabilities of exactly one half
    scores = expit(logits.astype(np.float64))
    expected = [
        np.mean([oracle.accuracy_score(labels[:, i], s[:, i] > 0.5) for i in range(4)])
        for s in scores
    ]
    result = evaluate.score(logits, labels, task=TASK)
    np.testing.assert_allclose(result["accuracy"], expected, rtol=1e-12)
    expected = [
        np.mean([oracle.balanced_accuracy_score(labels[:, i], s[:, i] > 0.5) for i in range(4)])
        for s in scores
    ]
    np.testing.assert_allclose(result["balanced_accuracy"], expected, rtol=1e-12)
    assert set(result) == {*evaluate.selectable_metrics(TASK), "ece", "brier"}


def test_a_finding_that_nobody_has_is_skipped():
    logits, labels = _case()
    labels[:, 1] = 0
    rest = [0, 2, 3]
    for metric in (evaluate.label_auroc, evaluate.label_average_precision):
        np.testing.assert_array_equal(
            metric(logits, labels), metric(logits[..., rest], labels[:, rest])
        )


def test_findings_are_scored_where_they_are_known():
    logits, labels = _case()
    known = np.random.default_rng(1).random(labels.shape) < 0.7
    known[:, 3] &= labels[:, 3] == 1  # the last one has a single class left, and is skipped
    scores = expit(logits.astype(np.float64))
    result = evaluate.score(logits, np.where(known, labels, -1), task=TASK)
    of_findings = {
        "auroc": oracle.roc_auc_score,
        "average_precision": oracle.average_precision_score,
        "balanced_accuracy": lambda y, s: oracle.balanced_accuracy_score(y, s > 0.5),
    }
    for name, theirs in of_findings.items():
        expected = [
            np.mean([theirs(labels[known[:, i], i], s[known[:, i], i]) for i in range(3)])
            for s in scores
        ]
        np.testing.assert_allclose(result[name], expected, rtol=1e-12, err_msg=name)
    expected = [oracle.accuracy_score(labels[known], s[known] > 0.5) for s in scores]
    np.testing.assert_allclose(result["accuracy"], expected, rtol=1e-12)


def test_a_finding_that_is_nowhere_known_is_skipped():
    logits, labels = _case()
    unknown = np.where(np.arange(4) == 1, -1, labels)
    rest = [0, 2, 3]
    for metric in (evaluate.label_auroc, evaluate.label_accuracy):
        np.testing.assert_array_equal(
            metric(logits, unknown), metric(logits[..., rest], labels[:, rest])
        )
    with pytest.raises(UserError, match="all labels to score on are ignored"):
        evaluate.label_accuracy(logits, np.full_like(labels, -1))


def test_confident_networks_do_not_tie():
    logits = np.array([[20.0], [25.0], [30.0]], np.float32)
    assert evaluate.score(logits, np.array([[0], [0], [1]]), task=TASK)["auroc"] == 1.0


def test_predicting_nothing():
    labels = np.array([[1, 0], [0, 0], [0, 1], [0, 0]])
    split = data.Split(np.zeros((4, 2, 2, 1), np.uint8), labels)
    scores = evaluate.score_nothing(evaluate.Benchmark({"test": split}, None, TASK), num_labels=2)
    means = {name: value["mean"] for name, value in scores["test"].items()}
    assert means == {
        "accuracy": 0.75,
        "balanced_accuracy": 0.5,
        "auroc": 0.5,
        "average_precision": 0.25,
    }


def test_bad_input_is_named():
    logits, labels = _case()
    with pytest.raises(UserError, match=r"\[150, 3\] do not fit scores of shape \[3, 150, 4\]"):
        evaluate.score(logits, labels[:, :3], task=TASK)
    with pytest.raises(UserError, match="no finding that some images have"):
        evaluate.label_auroc(logits, np.zeros_like(labels))
    with pytest.raises(UserError, match="must be zeros and ones"):
        evaluate.label_auroc(logits, labels * 0.5)
    with pytest.raises(UserError, match="no images"):
        evaluate.label_accuracy(logits[:, :0], labels[:0])
