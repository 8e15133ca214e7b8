"""The spread of AUROCs against DeLong's formulas written out in pairs, and by simulation."""

import math

import numpy as np
import pytest
from scipy.special import expit, ndtr, ndtri, softmax

from medjax import evaluate
from medjax.errors import UserError
from medjax.types import IGNORED

EXPERIMENTS = 2000


def components(scores, positive):
    """DeLong's ``V10`` and ``V01`` from every pair, by the kernel of Mann and Whitney."""
    kernel = [
        [1.0 if y < x else 0.5 if y == x else 0.0 for y in scores[~positive]]
        for x in scores[positive]
    ]
    return np.mean(kernel, axis=1), np.mean(kernel, axis=0)


def covariance(curves):
    """``S10/m + S01/n`` of several score columns for the same positives (DeLong 1988)."""
    v10, v01 = (np.array(v) for v in zip(*curves, strict=True))
    s10, s01 = np.atleast_2d(np.cov(v10)), np.atleast_2d(np.cov(v01))
    return s10 / v10.shape[1] + s01 / v01.shape[1]


def made_case(index):
    """Scores ``[2, n]`` of two classifiers and labels: sizes, ties and strengths all differ."""
    rng = np.random.default_rng(index)
    positives, negatives = rng.integers(2, 40, 2)
    labels = rng.permutation(np.repeat([1, 0], [positives, negatives]))
    shared = rng.normal(size=len(labels)) + rng.uniform(0, 2) * labels
    scores = shared + rng.normal(size=(2, len(labels))) * rng.uniform(0.2, 2)
    return np.round(scores, index % 4), labels


def columns(scores):
    """Two columns, of which the second is ranked by."""
    return np.stack([-scores, scores], axis=-1)


@pytest.mark.parametrize("index", range(20))
def test_variance_and_covariance_are_delongs(index):
    scores, labels = made_case(index)
    curves = [components(one, labels == 1) for one in scores]
    wanted = covariance(curves)
    ours, theirs = (evaluate.area_sample(columns(one), labels) for one in scores)
    assert ours.area == pytest.approx(curves[0][0].mean(), rel=1e-12)
    np.testing.assert_allclose((ours.variance, theirs.variance), np.diag(wanted), rtol=1e-9)
    assert np.sum(ours.parts * theirs.parts) == pytest.approx(wanted[0, 1], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("index", range(20))
def test_the_interval_of_a_difference_is_of_correlated_areas(index):
    scores, labels = made_case(index)
    curves = [components(one, labels == 1) for one in scores]
    wanted = covariance(curves)
    std = math.sqrt(wanted[0, 0] + wanted[1, 1] - 2 * wanted[0, 1])
    interval = evaluate.auroc_difference(*map(columns, scores), labels)
    difference = curves[0][0].mean() - curves[1][0].mean()
    assert interval.mean == pytest.approx(difference, abs=1e-12)
    assert interval.high - interval.mean == pytest.approx(1.959963984540054 * std, rel=1e-9)
    assert interval.mean - interval.low == pytest.approx(1.959963984540054 * std, rel=1e-9)


def test_the_mean_over_networks_holds_their_covariances(case):
    scores, labels = case(2)
    wanted = covariance([components(one[:, 1], labels == 1) for one in scores])
    sample = evaluate.area_sample(scores, labels)
    assert sample.area == pytest.approx(evaluate.auroc(scores, labels).mean(), rel=1e-12)
    assert sample.variance == pytest.approx(wanted.sum() / 9, rel=1e-9)


def influence(scores, labels, column, step=1e-5):
    """The derivative of a weighted area by the weight of each image, divided by finite steps."""

    def area(weights):
        pairs = np.outer(weights[positive], weights[~positive])
        kernel = np.sign(scores[positive, column][:, None] - scores[~positive, column]) / 2 + 0.5
        return np.sum(pairs * kernel) / pairs.sum()

    positive, ones = labels == column, np.ones(len(labels))
    moves = step * np.eye(len(labels))
    return np.array([(area(ones + m) - area(ones - m)) / (2 * step) for m in moves])


def test_the_mean_over_classes_holds_their_covariances(case):
    """Parts are derivatives by an image's weight, but for ``m`` instead of ``m − 1``."""
    scores, labels = case(4, stacked=1)
    counts = np.bincount(labels)
    wanted = np.zeros(len(labels))
    for c, count in enumerate(counts):
        sizes = np.where(labels == c, count, len(labels) - count)
        wanted += influence(scores[0], labels, c) * np.sqrt(sizes / (sizes - 1)) / 4
    sample = evaluate.area_sample(scores[0], labels)
    assert sample.area == pytest.approx(float(evaluate.auroc(scores[0], labels)), rel=1e-12)
    np.testing.assert_allclose(sample.parts, wanted, atol=1e-8)
    alone = [
        covariance([components(scores[0][:, c], labels == c)])[0, 0] for c in range(len(counts))
    ]
    assert sample.variance != pytest.approx(np.sum(alone) / 16, rel=0.05)  # if independent


def test_an_absent_class_is_skipped(case):
    scores, labels = case(4)
    scores, labels = scores[:, labels != 2], labels[labels != 2]
    sample = evaluate.area_sample(scores, labels)
    assert sample.area == pytest.approx(evaluate.auroc(scores, labels).mean(), rel=1e-12)
    assert np.isfinite(sample.parts).all()


def test_findings_are_scored_on_the_images_for_which_they_are_known():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (60, 4))
    labels[:, 3] = 1  # all images have it, so it is skipped
    scores = np.round(rng.normal(size=(2, 60, 4)) + labels, 1)
    labels[rng.random(labels.shape) < 0.2] = IGNORED
    sample = evaluate.area_sample(scores, labels)
    assert sample.area == pytest.approx(evaluate.label_auroc(scores, labels).mean(), rel=1e-12)
    wanted = np.zeros(60)
    for one in scores:
        for i in range(3):
            known = labels[:, i] != IGNORED
            alone = evaluate.area_sample(columns(one[known, i]), labels[known, i])
            wanted[known] += alone.parts / 6
    np.testing.assert_allclose(sample.parts, wanted, rtol=1e-12)


@pytest.mark.parametrize(
    "area, positives, negatives",
    [(0.5, 40, 40), (0.7, 25, 100), (0.8, 50, 50), (0.9, 100, 30), (0.95, 60, 200)],
)
def test_the_interval_covers_a_known_area(area, positives, negatives):
    """Two normals of spread 1 a distance ``d`` apart have the area ``Φ(d/√2)``."""
    distance = math.sqrt(2) * float(ndtri(area))
    assert ndtr(distance / math.sqrt(2)) == pytest.approx(area)
    rng = np.random.default_rng(0)
    labels = np.repeat([1, 0], [positives, negatives])
    hits = 0
    for _ in range(EXPERIMENTS):
        scores = rng.normal(size=len(labels)) + distance * labels
        interval = evaluate.auroc_interval(columns(scores), labels)
        hits += interval.low <= area <= interval.high
    assert 0.93 <= hits / EXPERIMENTS <= 0.97


def test_the_scale_of_the_logit_covers_better_for_high_areas():
    rng, area = np.random.default_rng(0), 0.95
    distance = math.sqrt(2) * float(ndtri(area))
    labels, hits = np.repeat([1, 0], [15, 15]), np.zeros(2)
    for _ in range(EXPERIMENTS):
        scores = columns(rng.normal(size=30) + distance * labels)
        sample = evaluate.area_sample(scores, labels)
        plain = abs(sample.area - area) <= 1.96 * math.sqrt(sample.variance)
        interval = evaluate.auroc_interval(scores, labels)
        # All images ranked rightly have no interval; it would hold the truth up to 1.
        hits += (plain, sample.area == 1 or interval.low <= area <= interval.high)
    plain, logit = hits / EXPERIMENTS
    assert abs(logit - 0.95) < abs(plain - 0.95) and plain < 0.9


def test_the_interval_of_a_difference_covers_it():
    """Two classifiers of areas 0.85 and 0.75 that share most of their noise."""
    rng, hits, wrong = np.random.default_rng(0), 0, 0
    labels = np.repeat([1, 0], [60, 90])
    ours, theirs = (math.sqrt(2) * float(ndtri(a)) for a in (0.85, 0.75))
    for _ in range(EXPERIMENTS):
        shared, own = rng.normal(size=150) * math.sqrt(0.7), rng.normal(size=(2, 150))
        a, b = shared + math.sqrt(0.3) * own + np.outer((ours, theirs), labels)
        interval = evaluate.auroc_difference(columns(a), columns(b), labels)
        hits += interval.low <= 0.1 <= interval.high
        apart = sum(evaluate.area_sample(columns(x), labels).variance for x in (a, b))
        wrong += abs(interval.mean - 0.1) <= 1.96 * math.sqrt(apart)
    assert 0.93 <= hits / EXPERIMENTS <= 0.97
    assert wrong / EXPERIMENTS > 0.98  # without the covariance it is too wide


def test_the_mean_over_classes_and_networks_varies_as_said():
    """The variance of 2000 test sets of three classes, scored by two networks that are alike."""
    rng, areas, variances = np.random.default_rng(0), [], []
    for _ in range(EXPERIMENTS):
        labels = np.repeat(np.arange(3), (40, 60, 20))
        signal = rng.normal(size=(120, 3)) + 1.2 * np.eye(3)[labels]
        logits = signal + 0.5 * rng.normal(size=(2, 120, 3))
        sample = evaluate.area_sample(softmax(logits, axis=-1), labels)
        areas.append(sample.area)
        variances.append(sample.variance)
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.1)
    centre, std = np.mean(areas), np.sqrt(variances)
    covered = np.mean(np.abs(np.array(areas) - centre) <= 1.96 * std)
    assert 0.93 <= covered <= 0.97


def test_what_images_cannot_tell():
    labels = np.array([0, 0, 1, 1])
    for scores in ([1, 2, 3, 4], [4, 3, 2, 1], [1, 1, 1, 1]):  # area 1, 0, all ties
        interval = evaluate.auroc_interval(columns(np.array(scores)), labels)
        assert math.isnan(interval.low) and interval.n == 4
        assert evaluate.verdict(interval) == "cannot tell"
    one_positive = np.array([0, 0, 0, 1])
    interval = evaluate.auroc_interval(columns(np.array([1, 4, 2, 3])), one_positive)
    assert interval.mean == pytest.approx(2 / 3) and math.isnan(interval.high)
    same = columns(np.array([1, 3, 2, 4]))
    difference = evaluate.auroc_difference(same, expit(same), labels)
    assert difference.mean == 0 and evaluate.verdict(difference) == "cannot tell"


def test_one_class_alone_and_bad_shapes_are_named(case):
    scores, labels = case(3)
    with pytest.raises(UserError, match="at least two classes"):
        evaluate.auroc_interval(scores, np.zeros_like(labels))
    with pytest.raises(UserError, match="199 labels do not fit"):
        evaluate.auroc_difference(scores, scores, labels[1:])
    with pytest.raises(UserError, match="no finding"):
        evaluate.area_sample(scores, np.ones((200, 3), int))
    with pytest.raises(UserError, match="between 0 and 1, got 95"):
        evaluate.auroc_interval(scores, labels, confidence=95)
