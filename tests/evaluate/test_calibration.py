"""Calibration against hand-made numbers, scikit-learn and loops."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from medjax import evaluate
from medjax.errors import UserError
from medjax.types import IGNORED


def columns(positive):
    return np.stack([1 - positive, positive], axis=-1)


def looped_ece(confidence, true, bins):
    total = 0.0
    for b in range(bins):
        low, high = b / bins, (b + 1) / bins
        inside = [i for i, c in enumerate(confidence) if low < c <= high or (b == 0 and c == 0)]
        if inside:
            share, mean = np.mean(true[inside]), np.mean(confidence[inside])
            total += len(inside) / len(confidence) * abs(share - mean)
    return total


@pytest.mark.parametrize(
    "positive, labels, bins, ece",
    [
        ([0.8, 0.8, 0.8, 0.8, 0.8], [1, 1, 1, 1, 0], 15, 0.0),  # four of five are right
        ([0.8, 0.8, 0.8, 0.8], [1, 1, 0, 0], 15, 0.3),
        ([0.1, 0.1], [0, 1], 15, 0.4),  # class 0 is predicted at 0.9, and right in half
        ([1.0, 0.0], [1, 0], 15, 0.0),
        ([1.0, 0.0], [0, 1], 15, 1.0),
        ([0.9, 0.6], [1, 0], 15, 0.35),  # (0.1 + 0.6)/2
        ([0.9, 0.6], [1, 0], 1, 0.25),  # one bin: |1/2 − 0.75|
        ([0.75, 0.7], [1, 0], 4, 0.225),  # one bin as well: 0.75 ends its bin
        ([0.75, 0.8], [1, 0], 4, 0.525),  # two bins: (0.25 + 0.8)/2
    ],
)
def test_ece_by_hand(positive, labels, bins, ece):
    positive, labels = np.array(positive), np.array(labels)
    value = evaluate.expected_calibration_error(columns(positive), labels, bins=bins)
    assert float(value) == pytest.approx(ece, abs=1e-12)


def test_ece_of_findings_is_of_their_probability():
    """A finding that is rightly rare is calibrated at a low probability, not at a high one."""
    scores = np.array([[0.25, 0.5]] * 4)
    labels = np.array([[1, 1], [0, 1], [0, 1], [0, IGNORED]])
    value = evaluate.expected_calibration_error(scores, labels)
    assert float(value) == pytest.approx((0 + 0.5) / 2)
    unknown = np.array([[1, IGNORED], [0, IGNORED], [0, IGNORED], [0, IGNORED]])
    assert float(evaluate.expected_calibration_error(scores, unknown)) == pytest.approx(0)


@pytest.mark.parametrize("num_classes", [2, 3, 7])
@pytest.mark.parametrize("bins", [1, 10, 15])
def test_ece_is_the_sum_over_bins(num_classes, bins, case):
    logits, labels = case(num_classes)
    scores = evaluate.probabilities(logits, task="multi-class")
    wanted = [looped_ece(s.max(-1), s.argmax(-1) == labels, bins) for s in scores]
    ours = evaluate.expected_calibration_error(scores, labels, bins=bins)
    np.testing.assert_allclose(ours, wanted, rtol=1e-10)
    rows = np.eye(num_classes, dtype=int)[labels]
    rows[::3, 0] = IGNORED
    wanted = []
    for s in scores:
        known = [rows[:, i] != IGNORED for i in range(num_classes)]
        each = [looped_ece(s[k, i], rows[k, i] == 1, bins) for i, k in enumerate(known)]
        wanted.append(np.mean(each))
    ours = evaluate.expected_calibration_error(scores, rows, bins=bins)
    np.testing.assert_allclose(ours, wanted, rtol=1e-10)


def test_a_calibrated_network_has_hardly_an_error_and_a_confident_one_has():
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(1, 40_000, 2))
    honest = evaluate.probabilities(logits, task="binary-class")
    labels = (rng.random(40_000) < honest[0, :, 1]).astype(int)
    proud = evaluate.probabilities(3 * logits, task="binary-class")
    errors = [evaluate.expected_calibration_error(s, labels)[0] for s in (honest, proud)]
    assert errors[0] < 0.01 and errors[1] > 0.05
    assert evaluate.brier(honest, labels)[0] < evaluate.brier(proud, labels)[0]


@pytest.mark.parametrize(
    "scores, labels, wanted",
    [
        ([[0.5, 0.5], [0.5, 0.5]], [0, 1], 0.25),
        ([[0.0, 1.0], [1.0, 0.0]], [0, 1], 1.0),
        ([[0.0, 1.0], [0.9, 0.1]], [1, 0], 0.005),
        ([[0.2, 0.3, 0.5]], [2], 0.04 + 0.09 + 0.25),
        ([[1.0, 0.0, 0.0]], [2], 2.0),
        ([[0.5, 0.2], [0.1, 0.4]], [[1, 0], [0, IGNORED]], ((0.25 + 0.01) / 2 + 0.04) / 2),
        ([[0.5, 0.2]], [[1, IGNORED]], 0.25),
    ],
)
def test_brier_by_hand(scores, labels, wanted):
    assert float(evaluate.brier(np.array(scores), np.array(labels))) == pytest.approx(wanted)


def test_brier_of_two_classes_and_of_findings_is_sklearns(case):
    logits, labels = case(2)
    scores = evaluate.probabilities(logits, task="binary-class")
    wanted = [oracle.brier_score_loss(labels, s[:, 1]) for s in scores]
    np.testing.assert_allclose(evaluate.brier(scores, labels), wanted)
    rows = np.stack([labels, 1 - labels], axis=-1)
    scores = evaluate.probabilities(logits, task="multi-label, binary-class")
    wanted = [
        np.mean([oracle.brier_score_loss(rows[:, i], s[:, i]) for i in (0, 1)]) for s in scores
    ]
    np.testing.assert_allclose(evaluate.brier(scores, rows), wanted)


def test_equal_probabilities_of_classes():
    scores, labels = np.full((3, 4, 5), 0.2), np.array([0, 1, 2, 4])
    np.testing.assert_allclose(evaluate.brier(scores, labels), [1 - 1 / 5] * 3)
    # All are predicted to be class 0, and a quarter is.
    np.testing.assert_allclose(evaluate.expected_calibration_error(scores, labels), [0.05] * 3)


@pytest.mark.parametrize("metric", [evaluate.brier, evaluate.expected_calibration_error])
def test_bad_input_is_named(metric, case):
    scores, labels = case(3)
    with pytest.raises(UserError, match="probabilities between 0 and 1, not logits"):
        metric(scores, labels)
    with pytest.raises(UserError, match="must sum to 1"):
        metric(np.full((200, 3), 0.5), labels)
    with pytest.raises(UserError, match="199 labels"):
        metric(scores, labels[1:])
    metric(np.full((200, 3), 0.5), np.eye(3, dtype=int)[labels])  # findings need not sum to 1
    with pytest.raises(UserError, match="bins must be at least 1, got 0"):
        evaluate.expected_calibration_error(scores, labels, bins=0)
