"""Scores of predictions on several splits, against numbers made by hand."""

import json
import math

import numpy as np
import pytest

from medjax import evaluate
from medjax.evaluate import Prediction

BINARY, FINDINGS = "binary-class", "multi-label, binary-class"
LABELS = np.array([0, 0, 1, 1])


def binary(*networks, labels=LABELS, diverged=0):
    """A prediction from the probability of class 1 of each image, for each network."""
    positive = np.array(networks)
    return Prediction(np.stack([1 - positive, positive], axis=-1), labels, diverged)


def tuned(predictions, *, task=BINARY, **options):
    scores = evaluate.score_predictions(predictions, task=task, **options)
    return {
        split: found["balanced_accuracy_tuned"]["values"]
        for split, found in scores.items()
        if "balanced_accuracy_tuned" in found
    }


def test_each_network_has_its_own_threshold_from_val():
    """0.4 and 0.2 part the classes of val; on test the first then errs once, the second twice."""
    val = binary([0.1, 0.2, 0.6, 0.7], [0.05, 0.1, 0.3, 0.4])
    test = binary([0.1, 0.5, 0.6, 0.7], [0.1, 0.3, 0.15, 0.9])
    assert tuned({"val": val, "test": test}) == {"val": [1.0, 1.0], "test": [0.75, 0.5]}
    assert tuned({"test": test}, val=val) == {"test": [0.75, 0.5]}
    at_half = evaluate.score_predictions({"val": val, "test": test}, task=BINARY)["val"]
    assert at_half["balanced_accuracy"]["values"] == [1.0, 0.5]


def test_each_finding_has_its_own_threshold():
    labels = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    val = Prediction(np.array([[[0.1, 0.7], [0.2, 0.9], [0.3, 0.6], [0.4, 0.95]]]), labels)
    assert tuned({"val": val}, task=FINDINGS) == {"val": [1.0]}
    unknown = val._replace(labels=np.where(labels == 1, 1, [[0, -1]]))  # nothing parts the second
    assert tuned({"val": unknown, "test": val}, task=FINDINGS) == {"val": [1.0], "test": [0.75]}


def test_no_threshold_without_val_or_for_more_classes():
    test = binary([0.1, 0.5, 0.6, 0.7])
    assert tuned({"test": test}) == {}
    assert tuned({"val": test, "test": test}, task="ordinal-regression") == {}
    assert "balanced_accuracy_tuned" not in evaluate.selectable_metrics(BINARY)


def test_the_interval_of_auroc_is_over_images():
    """15 of 16 pairs are in order, and DeLong's variance is 2 (9 + 3 · 1) / 256 / 12."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    test = binary([0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9], labels=labels)
    area, variance = 15 / 16, 24 / 3072
    half = 1.959964 * math.sqrt(variance) / (area * (1 - area))
    wanted = [1 / (1 + math.exp(-(math.log(15) + side))) for side in (-half, half)]
    entry = evaluate.score_predictions({"test": test}, task=BINARY)["test"]["auroc"]
    assert entry["image_interval"] == pytest.approx(wanted, rel=1e-6)
    twice = test._replace(scores=np.concatenate([test.scores, test.scores]))
    again = evaluate.score_predictions({"test": twice}, task=BINARY)["test"]["auroc"]
    assert again["n"] == 2 and again["image_interval"] == pytest.approx(wanted, rel=1e-6)


def test_images_that_cannot_tell_give_null():
    perfect = binary([0.1, 0.2, 0.6, 0.7])
    scores = evaluate.score_predictions({"test": perfect}, task=BINARY)["test"]
    assert json.loads(json.dumps(scores)) == scores
    assert scores["auroc"]["image_interval"] == [None, None]
    assert [name for name in scores if "image_interval" in scores[name]] == ["auroc"]


def test_probabilities_are_scored_as_such():
    """The first network is right where it is sure to 0.8, and wrong where to 0.6."""
    test = binary([0.2, 0.6, 0.4, 0.8], [0.0, 1.0, 1.0, 1.0], diverged=1)
    scores = evaluate.score_predictions({"test": test}, task=BINARY)["test"]
    assert scores["ece"]["values"] == pytest.approx([(2 * 0.2 + 1.2) / 4, 0.25])
    assert scores["brier"]["values"] == pytest.approx([(0.04 + 0.36 + 0.36 + 0.04) / 4, 0.25])
    assert {entry["diverged"] for entry in scores.values()} == {1}
