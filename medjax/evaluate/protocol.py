"""The evaluation of one set of images: train fresh networks on it, score them on each split."""

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import numpy as np
from jax.sharding import Mesh

from medjax import data
from medjax.evaluate.metrics import score, summarize
from medjax.training.inputs import Stats
from medjax.training.outputs import predict
from medjax.training.recipe import Recipe
from medjax.training.trainer import train_networks
from medjax.types import MULTI_LABEL, Array, PRNGKey

Scores = dict[str, dict[str, dict[str, float | int]]]
"""``{split: {metric: {"mean", "std", "n"}}}``."""


# The share of the largest class above which guessing it always looks like knowledge.
_MAJORITY = 0.6


class Benchmark(NamedTuple):
    """What networks are scored on, and how.

    Attributes:
      splits: real images with labels by name, as ``{"val": ds.val, "test": ds.test}``.
      stats: ``(mean, std)``, each float ``[c]`` in pixel units (0–1), that normalise uint8 images.
      task: one of MedMNIST's four, see ``score``.
      mesh: devices to train and score on, from ``parallel.make_mesh``; ``None`` is one.
    """

    splits: Mapping[str, data.Split]
    stats: Stats
    task: str
    mesh: Mesh | None = None


def evaluate_set(
    key: PRNGKey,
    net: nn.Module,
    images: Array,
    labels: Array,
    benchmark: Benchmark,
    *,
    recipe: Recipe,
    num_networks: int,
) -> Scores:
    """Trains fresh networks on a set of images, once, and scores them on every split.

    Args:
      key: PRNG key; with the same key every set is met by the same initial networks.
      net: a flax module from images to logits ``[n, C]``.
      images: a synthetic set, float ``[n, h, w, c]`` in normalised space; or a real one, uint8
        ``[n, h, w, c]`` (0–255).
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, C]`` in 0–1.
      benchmark: the splits to score on.
      recipe: how the networks are trained.
      num_networks: networks to train; their spread is the ``std``.

    Returns:
      ``{split: {metric: {"mean", "std", "n"}}}``, metrics as fractions.

    Raises:
      UserError: the set, the splits or the task do not fit.

    Example:
      >>> import jax
      >>> from medjax import nets
      >>> split = data.Split(np.zeros((2, 4, 4, 1), np.uint8), np.array([0, 1], np.int32))
      >>> stats = (np.zeros(1, np.float32), np.ones(1, np.float32))
      >>> benchmark = Benchmark({"test": split}, stats, "binary-class")
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> key, recipe = jax.random.key(0), Recipe(epochs=1)
      >>> scores = evaluate_set(
      ...     key, net, split.images, split.labels, benchmark, recipe=recipe, num_networks=3
      ... )
      >>> scores["test"]["auroc"]
      {'mean': 0.5, 'std': 0.0, 'n': 3}
    """
    variables = train_networks(
        key,
        net,
        images,
        labels,
        recipe=recipe,
        num_networks=num_networks,
        stats=benchmark.stats,
        mesh=benchmark.mesh,
    )
    return score_networks(net, variables, benchmark)


def score_networks(net: nn.Module, variables: Any, benchmark: Benchmark) -> Scores:
    """Scores trained networks on every split.

    One that diverged, with logits that are not finite, counts as one that tells nothing: all its
    logits are 0. A warning says how many did.

    Args:
      net: the flax module that was trained.
      variables: its variables with a leading axis ``[k]``, as ``train_networks`` returns them.
      benchmark: the splits to score on.

    Returns:
      ``{split: {metric: {"mean", "std", "n"}}}``, metrics as fractions.

    Raises:
      UserError: the splits or the task do not fit.

    Example:
      >>> import jax
      >>> from medjax import nets
      >>> split = data.Split(np.zeros((2, 4, 4, 1), np.uint8), np.array([0, 1], np.int32))
      >>> stats = (np.zeros(1, np.float32), np.ones(1, np.float32))
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> keys = jax.random.split(jax.random.key(0), 3)
      >>> variables = jax.vmap(net.init, in_axes=(0, None))(keys, np.zeros((1, 4, 4, 1), "f"))
      >>> scores = score_networks(net, variables, Benchmark({"val": split}, stats, "binary-class"))
      >>> scores["val"]["balanced_accuracy"]
      {'mean': 0.5, 'std': 0.0, 'n': 3}
    """
    scores, diverged = {}, np.False_
    for name, split in benchmark.splits.items():
        logits = predict(net, variables, split.images, stats=benchmark.stats, mesh=benchmark.mesh)
        logits = np.asarray(logits)
        finite = np.isfinite(logits).all(axis=(1, 2))
        diverged = diverged | ~finite
        logits = np.where(finite[:, None, None], logits, np.zeros_like(logits))
        metrics = score(logits, split.labels, task=benchmark.task)
        scores[name] = {metric: summarize(values) for metric, values in metrics.items()}
    if diverged.any():
        warnings.warn(
            f"{diverged.sum()} of {diverged.size} networks diverged ({type(net).__name__}): they "
            "count as ones that tell nothing; lower the learning rate",
            stacklevel=2,
        )
    return scores


def score_nothing(benchmark: Benchmark, *, num_labels: int) -> Scores:
    """Scores predicting no finding for any image of a multi-label set.

    Where findings are rare, its accuracy is high: one that is no higher says nothing.

    Args:
      benchmark: the splits to score on, multi-label.
      num_labels: findings.

    Returns:
      ``{split: {metric: {"mean", "std", "n"}}}``, as of one network.

    Example:
      >>> split = data.Split(np.zeros((4, 2, 2, 1), np.uint8), np.array([[1], [0], [0], [0]]))
      >>> benchmark = Benchmark({"test": split}, None, "multi-label, binary-class")
      >>> score_nothing(benchmark, num_labels=1)["test"]["accuracy"]["mean"]
      0.75
    """
    scores = {}
    for name, split in benchmark.splits.items():
        metrics = score(
            np.full((1, len(split), num_labels), -1.0), split.labels, task=benchmark.task
        )
        scores[name] = {metric: summarize(values) for metric, values in metrics.items()}
    return scores


def headline(labels: np.ndarray, *, task: str) -> str:
    """The metric that comes first in tables of a set, because the others may deceive.

    Args:
      labels: of the training images, ``[n]`` or rows ``[n, L]``.
      task: one of MedMNIST's four.

    Returns:
      ``auroc`` of a multi-label set, whose rare findings make accuracies high;
      ``balanced_accuracy`` where the largest class has over 60 % of the images; else ``accuracy``.

    Example:
      >>> headline(np.array([0, 0, 0, 1]), task="binary-class")
      'balanced_accuracy'
    """
    if task == MULTI_LABEL:
        return "auroc"
    largest = np.bincount(labels).max() / len(labels)
    return "balanced_accuracy" if largest > _MAJORITY else "accuracy"


def ior(syn_accuracy: float, random_accuracy: float) -> float:
    """Improvement over random: what distilling adds to drawing as many real images.

    Args:
      syn_accuracy: of networks trained on the synthetic set, 0–1.
      random_accuracy: of networks trained on as many random real images, 0–1.

    Returns:
      The difference in points (hundredths); above 0, distilling helped.

    Example:
      >>> ior(0.75, 0.5)
      25.0

    Li et al., "DD-Ranking: Rethinking the Evaluation of Dataset Distillation", 2025.
    """
    return 100 * (syn_accuracy - random_accuracy)


def hlr(whole_accuracy: float, syn_accuracy: float) -> float:
    """Hard-label recovery: what the synthetic set still lacks to the whole one.

    Args:
      whole_accuracy: of networks trained on all real images, 0–1.
      syn_accuracy: of networks trained on the synthetic set with hard labels, 0–1.

    Returns:
      The difference in points (hundredths); 0 is as good as the whole set.

    Example:
      >>> hlr(0.75, 0.5)
      25.0

    Li et al., "DD-Ranking: Rethinking the Evaluation of Dataset Distillation", 2025.
    """
    return 100 * (whole_accuracy - syn_accuracy)
