"""The whole evaluation of a set, on tiny images."""

import flax.linen as nn
import jax
import numpy as np
import pytest

from medjax import data, evaluate, nets, training
from medjax.evaluate import Benchmark
from medjax.training import Recipe

STATS = (np.array([0.5], np.float32), np.array([0.25], np.float32))
RECIPE = Recipe(epochs=20, learning_rate=0.1)


class Perceptron(nn.Module):
    """A network that trains quickly."""

    @nn.compact
    def __call__(self, images):
        return nn.Dense(3)(images.reshape(len(images), -1))


def _split(n, *, seed, flipped=False):
    """Three shades of grey under noise; ``flipped`` swaps the labels of the first and last."""
    rng = np.random.default_rng(seed)
    shades = np.arange(n) % 3
    images = 60 + 65 * shades[:, None, None, None] + rng.integers(-20, 20, (n, 4, 4, 1))
    labels = 2 - shades if flipped else shades
    return data.Split(images.astype(np.uint8), labels.astype(np.int32))


@pytest.fixture(scope="module")
def benchmark():
    splits = {"val": _split(30, seed=1), "test": _split(45, seed=2, flipped=True)}
    return Benchmark(splits, STATS, "ordinal-regression")


def _evaluate(benchmark, images, labels, seed=0):
    return evaluate.evaluate_set(
        jax.random.key(seed),
        Perceptron(),
        images,
        labels,
        benchmark,
        recipe=RECIPE,
        num_networks=3,
    )


def test_every_split_gets_its_own_scores(benchmark):
    train = _split(30, seed=0)
    scores = _evaluate(benchmark, train.images, train.labels)
    assert set(scores) == {"val", "test"}
    names = {*evaluate.selectable_metrics("ordinal-regression"), "mean_absolute_error"}
    names |= {"ece", "brier"}
    for split in scores.values():
        assert set(split) == names
        parts = {"mean", "std", "n", "values", "diverged"}
        assert set(split["auroc"]) == {*parts, "image_interval"}
        assert all(parts <= set(s) and s["diverged"] == 0 for s in split.values())
        assert all(s["n"] == len(s["values"]) == 3 for s in split.values())
    assert scores["val"]["accuracy"]["mean"] > 0.95
    assert scores["val"]["quadratic_weighted_kappa"]["mean"] > 0.9
    assert scores["test"]["accuracy"]["mean"] < 0.4
    assert scores["test"]["quadratic_weighted_kappa"]["mean"] < -0.9


def test_real_and_normalised_images_are_one_set(benchmark):
    train = _split(30, seed=0)
    floats = (train.images / np.float32(255) - STATS[0]) / STATS[1]
    real, synthetic = (_evaluate(benchmark, x, train.labels) for x in (train.images, floats))
    for metric, expected in real["val"].items():
        for name, value in expected.items():
            assert synthetic["val"][metric][name] == pytest.approx(value, abs=1e-6)


def test_training_once_and_scoring_is_the_whole_evaluation(benchmark):
    train = _split(30, seed=0)
    variables = training.train_networks(
        jax.random.key(0),
        Perceptron(),
        train.images,
        train.labels,
        recipe=RECIPE,
        num_networks=3,
        stats=STATS,
    )
    expected = _evaluate(benchmark, train.images, train.labels)
    assert evaluate.score_networks(Perceptron(), variables, benchmark) == expected


def test_a_diverged_network_counts_as_uninformative(benchmark):
    """Its logits are all equal, and the scores of the other networks are unaffected."""
    inputs = np.zeros((1, 4, 4, 1), np.float32)
    variables = jax.vmap(Perceptron().init, (0, None))(jax.random.split(jax.random.key(0)), inputs)
    sound = evaluate.score_networks(Perceptron(), variables, benchmark)
    wild = jax.tree.map(lambda x: np.concatenate([x, np.full_like(x[:1], np.nan)]), variables)
    line = r"^1 of 3 networks diverged \(Perceptron\) and count as uninformative"
    with pytest.warns(UserWarning, match=line) as warned:
        scores = evaluate.score_networks(Perceptron(), wild, benchmark)
    assert len(warned) == 1
    for split in scores:
        mean, others = (s[split]["auroc"]["mean"] for s in (scores, sound))
        assert mean == pytest.approx((2 * others + 0.5) / 3)
        assert scores[split]["auroc"]["n"] == 3
        assert {entry["diverged"] for entry in scores[split].values()} == {1}


def test_thresholds_are_those_of_val_wherever_it_stands():
    halves = {name: _split(40, seed=seed) for name, seed in (("val", 1), ("test", 2))}
    halves = {name: data.Split(s.images, (s.labels > 0) * 1) for name, s in halves.items()}
    inputs = np.zeros((1, 4, 4, 1), np.float32)
    net, keys = nets.make("mlp", num_classes=2, width=4), jax.random.split(jax.random.key(3), 4)
    variables = jax.vmap(net.init, (0, None))(keys, inputs)
    both = Benchmark(halves, STATS, "binary-class")
    alone = both._replace(splits={"test": halves["test"]})
    wanted = evaluate.score_networks(net, variables, both)["test"]
    given = evaluate.score_networks(net, variables, alone._replace(val=halves["val"]))
    assert given == {"test": wanted}
    without = evaluate.score_networks(net, variables, alone)["test"]
    assert without == {k: v for k, v in wanted.items() if k != "balanced_accuracy_tuned"}
    tuned, at_half = (wanted[k]["values"] for k in ("balanced_accuracy_tuned", "balanced_accuracy"))
    assert tuned != at_half
