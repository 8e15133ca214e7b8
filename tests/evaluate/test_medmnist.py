"""Metrics against MedMNIST's own evaluator, on random scores of every registered set."""

import numpy as np
import pytest
from scipy.special import softmax

from medjax import data, evaluate

SETS = [name for name, facts in data.REGISTRY.items() if "multi-label" not in facts.task]
NUMBER = 300


@pytest.fixture
def evaluator(monkeypatch, tmp_path):
    """``evaluator(name, labels)``: MedMNIST's, reading those labels as the test split."""
    monkeypatch.setenv("HOME", str(tmp_path))  # importing the package makes ~/.medmnist
    pytest.importorskip("medmnist", reason="needs medjax[medmnist]")
    module = pytest.importorskip("medmnist.evaluator", reason="needs medjax[medmnist]")

    def make(name, labels):
        np.savez(tmp_path / f"{name}.npz", test_labels=labels[:, None].astype(np.uint8))
        return module.Evaluator(name, "test", root=str(tmp_path))

    return make


def case(name):
    """Labels with every class, and logits better than chance."""
    rng, classes = np.random.default_rng(len(name)), len(data.REGISTRY[name].classes)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, NUMBER - classes)])
    logits = rng.normal(size=(NUMBER, classes)) + (labels[:, None] == np.arange(classes))
    return labels.astype(np.int32), logits


@pytest.mark.parametrize("name", SETS)
def test_the_scores_of_logits_are_the_evaluators(name, evaluator):
    labels, logits = case(name)
    ours = evaluate.score(logits, labels, task=data.REGISTRY[name].task)
    theirs = evaluator(name, labels).evaluate(softmax(logits, axis=-1))
    np.testing.assert_allclose(ours["auroc"], theirs.AUC, rtol=1e-12)
    np.testing.assert_allclose(ours["accuracy"], theirs.ACC, rtol=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_and_of_probabilities_with_ties(name, evaluator):
    labels, logits = case(name)
    scores = np.round(softmax(logits, axis=-1), 2)
    theirs = evaluator(name, labels).evaluate(scores)
    np.testing.assert_allclose(evaluate.auroc(scores, labels), theirs.AUC, rtol=1e-12)
    np.testing.assert_allclose(evaluate.accuracy(scores, labels), theirs.ACC, rtol=1e-12)
