"""Metrics against MedMNIST's own evaluator, on random scores of every registered set."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from medjax import data, evaluate
from medjax.evaluate import multilabel
from medjax.types import MULTI_LABEL

SETS = list(data.REGISTRY)
NUMBER = 300


def _is_multi_label(name):
    return data.REGISTRY[name].task == MULTI_LABEL


def _probabilities(name, logits):
    """Returns the input of MedMNIST's evaluator in its own training code."""
    return expit(logits) if _is_multi_label(name) else softmax(logits, axis=-1)


@pytest.fixture
def evaluator(monkeypatch, tmp_path):
    """``evaluator(name, labels)`` makes MedMNIST's evaluator with these labels as test split."""
    monkeypatch.setenv("HOME", str(tmp_path))  # importing the package makes ~/.medmnist
    pytest.importorskip("medmnist", reason="needs medjax[medmnist]")
    module = pytest.importorskip("medmnist.evaluator", reason="needs medjax[medmnist]")

    def make(name, labels):
        np.savez(tmp_path / f"{name}.npz", test_labels=labels.reshape(NUMBER, -1).astype(np.uint8))
        return module.Evaluator(name, "test", root=str(tmp_path))

    return make


def case(name):
    """Labels with every class, and logits better than chance."""
    rng, classes = np.random.default_rng(len(name)), len(data.REGISTRY[name].classes)
    if _is_multi_label(name):  # findings of all frequencies, and of none every other
        labels = (rng.random((NUMBER, classes)) < rng.uniform(0.02, 0.6, classes)).astype(int)
        labels[: 2 * classes : 2] = np.eye(classes, dtype=int)
        labels[1 : 2 * classes : 2] = 0
        return labels.astype(np.int32), rng.normal(size=(NUMBER, classes)) + 2 * labels - 1
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, NUMBER - classes)])
    logits = rng.normal(size=(NUMBER, classes)) + (labels[:, None] == np.arange(classes))
    return labels.astype(np.int32), logits


@pytest.mark.parametrize("name", SETS)
def test_the_scores_of_logits_are_the_evaluators(name, evaluator):
    labels, logits = case(name)
    ours = evaluate.score(logits, labels, task=data.REGISTRY[name].task)
    theirs = evaluator(name, labels).evaluate(_probabilities(name, logits))
    np.testing.assert_allclose(ours["auroc"], theirs.AUC, rtol=1e-12)
    np.testing.assert_allclose(ours["accuracy"], theirs.ACC, rtol=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_and_of_probabilities_with_ties(name, evaluator):
    labels, logits = case(name)
    scores = np.round(_probabilities(name, logits), 2)
    many = _is_multi_label(name)
    auroc = multilabel.label_auroc if many else evaluate.auroc
    accuracy = multilabel.label_accuracy if many else evaluate.accuracy
    theirs = evaluator(name, labels).evaluate(scores)
    np.testing.assert_allclose(auroc(scores, labels), theirs.AUC, rtol=1e-12)
    np.testing.assert_allclose(accuracy(scores, labels), theirs.ACC, rtol=1e-12)
