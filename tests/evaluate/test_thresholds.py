"""Thresholds against every threshold that there is."""

import numpy as np
import pytest

from medjax import evaluate
from medjax.errors import UserError
from medjax.types import IGNORED


def columns(positive):
    return np.stack([1 - positive, positive], axis=-1)


def brute_force(positive, labels):
    """The highest balanced accuracy of all thresholds, and those of a grid that reach it."""
    grid = np.linspace(0, 1, 2001)
    values = np.array(
        [
            ((positive > t)[labels == 1].mean() + (positive <= t)[labels == 0].mean()) / 2
            for t in grid
        ]
    )
    return values.max(), grid[np.isclose(values, values.max(), rtol=0, atol=1e-12)]


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_is_better(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([0, 1], rng.integers(1, 15, 2)))
    noisy = 0.5 + 0.2 * (labels - 0.5) * (seed % 3) + rng.normal(size=len(labels)) * 0.2
    positive = np.round(np.clip(noisy, 0, 1), 1 + seed % 2)
    threshold = evaluate.choose_threshold(columns(positive), labels)
    reached = evaluate.balanced_accuracy_at(columns(positive), labels, threshold)
    best, grid = brute_force(positive, labels)
    assert float(reached) == pytest.approx(best, abs=1e-12)
    # The result is the middle of a run of the grid, that nearest to 0.5.
    runs = np.split(grid, np.flatnonzero(np.diff(grid) > 6e-4) + 1)
    middles = [(run[0] + run[-1]) / 2 for run in runs]
    assert min(abs(m - float(threshold)) for m in middles) < 1e-3
    assert abs(threshold - 0.5) <= min(abs(m - 0.5) for m in middles) + 1e-3


@pytest.mark.parametrize(
    "positive, labels, wanted",
    [
        ([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1], 0.25),  # the middle of the gap
        ([0.5, 0.5, 0.5], [0, 1, 1], 0.5),  # all equal: any will do
        ([0.0, 1.0], [0, 1], 0.5),
        ([0.2, 0.4], [1, 0], 0.7),  # wrong way round: none is positive; all are at 0.1
        ([0.2, 0.8], [1, 0], 0.1),  # 0.1 and 0.9 are as near to 0.5
        ([0.6, 0.8], [1, 0], 0.3),
        ([0.1, 0.6, 0.7, 0.9], [0, 1, 0, 1], 0.35),  # 0.35 and 0.8 are equal, 0.35 is nearer
        ([0.2, 0.3, 0.3, 0.9], [0, 0, 1, 1], 0.55),  # 3/4 all the way from 0.2 to 0.9
    ],
)
def test_made_cases(positive, labels, wanted):
    positive, labels = np.array(positive), np.array(labels)
    threshold = evaluate.choose_threshold(columns(positive), labels)
    assert float(threshold) == pytest.approx(wanted)


@pytest.mark.parametrize("low", [0.7, np.nextafter(0.7, 1)])  # one middle is rounded upwards
def test_neighbouring_numbers_have_no_middle(low):
    positive, labels = np.array([low, np.nextafter(low, 1)]), np.array([0, 1])
    threshold = evaluate.choose_threshold(columns(positive), labels)
    assert evaluate.balanced_accuracy_at(columns(positive), labels, threshold) == 1


def test_at_one_half_it_is_balanced_accuracy(case):
    scores, labels = case(2)
    scores = evaluate.probabilities(scores, task="binary-class")
    at_half = evaluate.balanced_accuracy_at(scores, labels, 0.5)
    np.testing.assert_allclose(at_half, evaluate.balanced_accuracy(scores, labels))
    rows = (labels[:, None] + np.arange(2)) % 2
    rows[::5, 0] = IGNORED
    at_half = evaluate.balanced_accuracy_at(scores, rows, 0.5)
    np.testing.assert_allclose(at_half, evaluate.label_balanced_accuracy(scores, rows))


def test_networks_and_findings_have_their_own_thresholds(case):
    scores, labels = case(3)
    scores = evaluate.probabilities(scores, task="multi-label, binary-class")
    rows = np.eye(3, dtype=int)[labels]
    rows[::7, 1] = IGNORED
    together = evaluate.choose_threshold(scores, rows)
    assert together.shape == (3, 3)
    for network, finding in np.ndindex(3, 3):
        known = rows[:, finding] != IGNORED
        one = columns(scores[network, known, finding])
        alone = evaluate.choose_threshold(one, rows[known, finding])
        assert alone == together[network, finding]
    reached = evaluate.balanced_accuracy_at(scores, rows, together)
    one_by_one = [
        evaluate.balanced_accuracy_at(s, rows, t) for s, t in zip(scores, together, strict=True)
    ]
    np.testing.assert_allclose(reached, one_by_one)
    assert (reached >= evaluate.label_balanced_accuracy(scores, rows)).all()


def test_it_helps_where_classes_are_shifted():
    """Trained on equal classes, tested on rare ones: the highest class alone is often wrong."""
    rng = np.random.default_rng(0)
    labels = (rng.random((2, 4000)) < 0.1).astype(int)
    logits = rng.normal(size=(2, 4000)) + 2 * labels + 1.5  # far from the middle, 1.0
    val, test = (columns(1 / (1 + np.exp(-one))) for one in logits)
    threshold = evaluate.choose_threshold(val, labels[0])
    before, after = (evaluate.balanced_accuracy_at(test, labels[1], t) for t in (0.5, threshold))
    assert before < 0.6 and after > 0.82  # Φ(1) = 0.841


def test_nothing_to_choose_from_is_one_half():
    scores = columns(np.array([0.1, 0.9]))
    assert evaluate.choose_threshold(scores, np.array([1, 1])) == 0.5
    rows = np.array([[1, 0], [1, 1]])
    assert evaluate.choose_threshold(scores, rows).tolist() == [0.5, pytest.approx(0.5)]
    rows = np.array([[IGNORED, 0], [IGNORED, 1]])
    assert evaluate.choose_threshold(scores, rows)[0] == 0.5
    assert evaluate.balanced_accuracy_at(scores, np.array([1, 1]), 0.5) == 0.5


def test_bad_input_is_named(case):
    scores, labels = case(3)
    with pytest.raises(UserError, match="probabilities between 0 and 1, not logits"):
        evaluate.choose_threshold(scores, labels)
    scores = evaluate.probabilities(scores, task="multi-class")
    with pytest.raises(UserError, match="two classes, not 3"):
        evaluate.choose_threshold(scores, labels)
    with pytest.raises(UserError, match="no finding"):
        evaluate.balanced_accuracy_at(scores, np.ones((200, 3), int), 0.5)
