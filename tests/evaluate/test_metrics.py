"""Metrics against scikit-learn's, with ties, absent classes and stacked networks."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics as oracle

from medjax import evaluate
from medjax.errors import UserError


@pytest.mark.parametrize("num_classes", [2, 3, 7])
def test_accuracies_are_sklearns(num_classes, case):
    scores, labels = case(num_classes)
    predicted = scores.argmax(-1)
    np.testing.assert_allclose(
        evaluate.accuracy(scores, labels), [oracle.accuracy_score(labels, p) for p in predicted]
    )
    np.testing.assert_allclose(
        evaluate.balanced_accuracy(scores, labels),
        [oracle.balanced_accuracy_score(labels, p) for p in predicted],
    )


def test_balanced_accuracy_is_over_the_classes_present():
    labels = np.array([0, 0, 2])
    scores = np.eye(4)[[0, 1, 2]]
    assert evaluate.balanced_accuracy(scores, labels) == (0.5 + 1.0) / 2


@pytest.mark.parametrize("num_classes", [3, 7])
@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_auroc_is_the_one_vs_rest_macro_mean(num_classes, decimals, case):
    scores, labels = case(num_classes, decimals=decimals)
    expected = [
        np.mean([oracle.roc_auc_score(labels == c, s[:, c]) for c in range(num_classes)])
        for s in scores
    ]
    np.testing.assert_allclose(evaluate.auroc(scores, labels), expected, rtol=1e-12)


def test_auroc_agrees_with_sklearns_multiclass_on_probabilities(case):
    scores, labels = case(5, decimals=3)
    probabilities = softmax(scores.astype(np.float64), axis=-1)
    expected = [oracle.roc_auc_score(labels, p, multi_class="ovr") for p in probabilities]
    np.testing.assert_allclose(evaluate.auroc(probabilities, labels), expected, rtol=1e-12)


def test_auroc_of_two_classes_ranks_by_class_one(case):
    scores, labels = case(2)
    expected = [oracle.roc_auc_score(labels, s[:, 1]) for s in scores]
    np.testing.assert_allclose(evaluate.auroc(scores, labels), expected, rtol=1e-12)


def test_auroc_skips_a_class_absent_from_the_labels(case):
    scores, labels = case(4)
    scores, labels = scores[:, labels != 2], labels[labels != 2]
    expected = [
        np.mean([oracle.roc_auc_score(labels == c, s[:, c]) for c in (0, 1, 3)]) for s in scores
    ]
    np.testing.assert_allclose(evaluate.auroc(scores, labels), expected, rtol=1e-12)


def test_auroc_of_one_class_alone_is_an_error():
    with pytest.raises(UserError, match="at least two classes; all 3 labels are 1"):
        evaluate.auroc(np.zeros((3, 2)), np.array([1, 1, 1]))


@pytest.mark.parametrize("num_classes", [2, 5])
def test_kappa_is_sklearns_quadratic(num_classes, case):
    scores, labels = case(num_classes)
    expected = [oracle.cohen_kappa_score(labels, p, weights="quadratic") for p in scores.argmax(-1)]
    np.testing.assert_allclose(
        evaluate.quadratic_weighted_kappa(scores, labels), expected, rtol=1e-12
    )


@pytest.mark.parametrize("num_classes", [2, 5])
def test_the_error_in_grades_is_sklearns(num_classes, case):
    scores, labels = case(num_classes)
    expected = [oracle.mean_absolute_error(labels, p) for p in scores.argmax(-1)]
    np.testing.assert_allclose(evaluate.mean_absolute_error(scores, labels), expected, rtol=1e-12)


def test_kappa_where_it_is_undefined_is_zero():
    assert evaluate.quadratic_weighted_kappa(np.eye(3)[[1, 1]], np.array([1, 1])) == 0.0


def test_bad_input_is_named(case):
    logits, labels = case(3)
    with pytest.raises(UserError, match=r"labels must be \[n\] for this metric, got \[200, 3\]"):
        evaluate.accuracy(logits, np.zeros((200, 3)))
    with pytest.raises(UserError, match=r"199 labels .* \[3, 200, 3\]"):
        evaluate.accuracy(logits, labels[1:])
    with pytest.raises(UserError, match=r"between 0 and 2.*from 0 to 3"):
        evaluate.accuracy(logits, np.where(labels == 2, 3, labels))
    with pytest.raises(UserError, match="no images"):
        evaluate.accuracy(logits[:, :0], labels[:0])
