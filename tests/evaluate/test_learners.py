"""Learners of scikit-learn, on sets so small that what they learn is known."""

import sys

import jax
import numpy as np
import pytest

from medjax import evaluate
from medjax.data import Split
from medjax.errors import UserError
from medjax.evaluate import Benchmark, learners

BINARY, FINDINGS = "binary-class", "multi-label, binary-class"
STATS = (np.zeros(1, np.float32), np.ones(1, np.float32))
KEYS = jax.random.split(jax.random.key(0), 4)


def grey(shades, labels):
    """Images of one pixel, in 0–255."""
    return Split(np.array(shades, np.uint8).reshape(-1, 1, 1, 1), np.array(labels))


def scored(name, ours, test, *, task=BINARY, stats=STATS, num_classes=2, **more):
    benchmark = Benchmark({"test": test}, stats, task, **more)
    options = {"num_classes": num_classes, "by": "auroc"}
    return evaluate.compare_learner(name, ours, [ours, ours], benchmark, **options).ours["test"]


@pytest.mark.parametrize("name", ["logistic", "knn", "mlp"])
def test_every_learner_learns_which_shade_is_which(name):
    ours = grey([10, 20, 30, 220, 230, 240], [0, 0, 0, 1, 1, 1])
    scores = scored(name, ours, grey([15, 25, 225, 235], [0, 0, 1, 1]))
    assert scores["auroc"]["values"] == [1.0] * (2 if name == "mlp" else 1)
    assert scores["brier"]["mean"] < 0.25
    assert scores["balanced_accuracy"]["mean"] == 1.0


def test_the_nearest_image_is_sure():
    """Two of four images are nearer to one of the other class, so each is off by one."""
    test = grey([90, 140, 110, 160], [0, 0, 1, 1])
    scores = scored("knn", grey([100, 150], [0, 1]), test)
    assert scores["accuracy"]["mean"] == scores["ece"]["mean"] == scores["brier"]["mean"] == 0.5


def test_images_are_compared_as_normalised():
    """The last channel varies less, so that a small distance in it counts more."""
    train = Split(np.array([[[[0, 0]]], [[[127, 26]]]], np.uint8), np.array([0, 1]))
    test = Split(np.array([[[[102, 0]]], [[[102, 255]]]], np.uint8), np.array([0, 1]))
    for std, wanted in (([1.0, 0.05], 1.0), ([1.0, 100.0], 0.5)):
        stats = (np.zeros(2, np.float32), np.array(std, np.float32))
        assert scored("knn", train, test, stats=stats)["accuracy"]["mean"] == wanted
    floats = Split(np.array([[[[0.0, 0.0]]], [[[0.5, 2.0]]]], np.float32), train.labels)
    stats = (np.zeros(2, np.float32), np.array([1.0, 0.05], np.float32))
    assert scored("knn", floats, test, stats=stats)["accuracy"]["mean"] == 1.0


@pytest.mark.parametrize("name", ["logistic", "knn", "mlp"])
def test_a_class_that_a_set_lacks_has_no_probability(name):
    test = grey([0, 100, 200], [0, 1, 2])
    stats = (STATS[0], np.full(1, 0.05, np.float32))
    options = {"task": "multi-class", "num_classes": 3, "stats": stats}
    scores = scored(name, grey([0, 10, 200], [0, 0, 2]), test, **options)
    assert scores["balanced_accuracy"]["mean"] == pytest.approx(2 / 3)
    only = scored(name, grey([0, 200], [1, 1]), test, **options)
    assert only["accuracy"]["mean"] == pytest.approx(1 / 3)
    assert only["brier"]["mean"] == pytest.approx(2 * 2 / 3)  # sure, and wrong twice


def test_findings_are_learned_where_they_are_known():
    """Of the first, only the known images count; the last has none and stays at one half."""
    rows = [[0.0, 0.75, -1], [-1, 0.75, -1], [0.5, 1, -1], [1, 1, -1]]
    ours = grey([0, 90, 110, 200], rows)
    test = grey([10, 60, 90, 210], [[0, 0, 1], [1, 1, 0], [1, 1, 1], [1, 1, 1]])
    scores = scored("knn", ours, test, task=FINDINGS, num_classes=3)
    assert scores["accuracy"]["mean"] == pytest.approx((4 + 3 + 1) / 12)
    assert scores["brier"]["mean"] == pytest.approx((0 + 1 / 4 + 1 / 4) / 3)


def test_the_difference_is_paired_with_the_draws():
    test = grey([0, 50, 200, 250], [0, 0, 1, 1])
    ours, wrong = grey([0, 250], [0, 1]), grey([250, 0], [0, 1])
    half = grey([0, 30], [0, 1])
    found = evaluate.compare_learner(
        "knn", ours, [wrong, half], Benchmark({"test": test}, STATS, BINARY), **OPTIONS
    )
    assert found.random["test"]["balanced_accuracy"]["values"] == [0.0, 0.75]
    assert found.ours["test"]["balanced_accuracy"]["values"] == [1.0]
    half = 12.7062 * np.sqrt(0.75**2 / 2) * np.sqrt(1.5)  # Student's t, s and √(1 + 1/n)
    assert found.difference == pytest.approx((0.625, 0.625 - half, 0.625 + half, 2), abs=1e-4)


OPTIONS = {"num_classes": 2, "by": "balanced_accuracy"}


def test_each_draw_has_a_seed_which_the_set_shares():
    """Random images that are the set itself differ from it with no seed, though seeds differ."""
    rng = np.random.default_rng(0)
    ours = Split(rng.normal(size=(8, 3, 3, 1)).astype(np.float32), np.arange(8) % 2)
    test = Split(rng.normal(size=(40, 3, 3, 1)).astype(np.float32), np.arange(40) % 2)
    benchmark = Benchmark({"test": test}, None, BINARY)
    found = evaluate.compare_learner("mlp", ours, [ours] * 3, benchmark, **OPTIONS)
    values = found.ours["test"]["auroc"]["values"]
    assert values == found.random["test"]["auroc"]["values"] and len(set(values)) == 3
    assert found.difference == (0.0, 0.0, 0.0, 3)


def test_thresholds_are_those_of_val_and_pieces_change_nothing(monkeypatch):
    ours, test = grey([0, 60, 90, 250], [0, 0, 1, 1]), grey([20, 80, 70, 200], [0, 0, 1, 1])
    val = grey([10, 60, 90, 100], [0, 0, 1, 1])
    with_val = scored("logistic", ours, test, val=val)
    assert "balanced_accuracy_tuned" not in scored("logistic", ours, test)
    assert {"balanced_accuracy_tuned"} == {*with_val} - {*scored("logistic", ours, test)}
    monkeypatch.setattr(learners, "_IMAGES_PER_PIECE", 3)
    assert scored("logistic", ours, test, val=val) == with_val


def test_random_images_are_as_many_of_each_class():
    train = grey(range(20), [0] * 12 + [1] * 8)
    draws = evaluate.random_rows(KEYS, train, np.array([0] * 3 + [1] * 9))
    for rows in draws:
        assert np.bincount(train.labels[rows]).tolist() == [3, 8]  # there are no more
        assert len({*rows.tolist()}) == 11
    assert len({tuple(sorted(rows[:3].tolist())) for rows in draws}) > 1


def test_random_images_of_findings_are_divided_evenly():
    labels = np.array([[1, 0]] * 4 + [[0, 1]] * 4 + [[0, 0]] * 4)
    train = grey(range(12), labels)
    (rows,) = evaluate.random_rows(KEYS[:1], train, np.ones((7, 2)))
    assert labels[rows].sum(0).tolist() == [3, 2] and len(rows) == 7


def test_mistakes_are_named(monkeypatch):
    with pytest.raises(UserError, match=r"unknown learner 'logistc' .did you mean 'logistic'"):
        evaluate.check_learners(["knn", "logistc"])
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(UserError, match=r"learners need scikit-learn: pip install -e '\.\[learn"):
        evaluate.check_learners(["knn"])
