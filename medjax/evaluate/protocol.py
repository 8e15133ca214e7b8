"""The evaluation of a set of images: networks train on it and are scored on each split."""

import warnings
from collections.abc import Mapping
from typing import NamedTuple

import flax.linen as nn
import numpy as np
from jax.sharding import Mesh

from medjax import data
from medjax.evaluate.predictions import Prediction, Scores, score_predictions
from medjax.evaluate.scoring import CALIBRATION, probabilities, score, summarize
from medjax.training.inputs import Stats
from medjax.training.prediction import predict
from medjax.training.recipe import Recipe
from medjax.training.trainer import Watch, train_networks
from medjax.types import Array, Params, PRNGKey


class Benchmark(NamedTuple):
    """The images that networks are scored on, and the task.

    Attributes:
      splits: real images with labels by name, such as ``{"val": ds.val, "test": ds.test}``.
      stats: ``(mean, std)``, each float ``[c]`` in pixel units (0–1), which normalise uint8 images.
      task: one of MedMNIST's four, see ``score``.
      mesh: devices to train and score on, from ``parallel.make_mesh``; ``None`` for one device.
      val: images to choose thresholds on, see ``score_predictions``, if no split is named ``val``.
    """

    splits: Mapping[str, data.Split]
    stats: Stats
    task: str
    mesh: Mesh | None = None
    val: data.Split | None = None


def evaluate_set(
    key: PRNGKey,
    net: nn.Module,
    images: Array,
    labels: Array,
    benchmark: Benchmark,
    *,
    recipe: Recipe,
    num_networks: int,
    watch: Watch | None = None,
) -> Scores:
    """Trains fresh networks on a set of images and scores them on every split.

    Args:
      key: PRNG key; the same key gives every set the same initial networks.
      net: a flax module from images to logits ``[n, C]``.
      images: a synthetic set, float ``[n, h, w, c]`` in normalised space; or a real one, uint8
        ``[n, h, w, c]`` (0–255).
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, C]`` in 0–1.
      benchmark: the splits to score on.
      recipe: how the networks are trained.
      num_networks: number of networks to train; their spread is the ``std``.
      watch: is called with the fraction of the training that is done, 0–1.

    Returns:
      ``{split: {metric: {"mean", "std", "n", "values", …}}}``, see ``score_predictions``.

    Raises:
      UserError: if the set, the splits and the task do not fit together.

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
      >>> scores["test"]["accuracy"]
      {'mean': 0.5, 'std': 0.0, 'n': 3, 'values': [0.5, 0.5, 0.5], 'diverged': 0}
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
        watch=watch,
    )
    return score_networks(net, variables, benchmark)


def score_networks(net: nn.Module, variables: Params, benchmark: Benchmark) -> Scores:
    """Scores trained networks on every split.

    A network that diverged has logits that are not finite. It counts as uninformative: all its
    logits are set to 0. A warning gives the number of such networks.

    Args:
      net: the flax module that was trained.
      variables: its variables with a leading axis ``[k]``, as ``train_networks`` returns them.
      benchmark: the splits to score on.

    Returns:
      ``{split: {metric: {"mean", "std", "n", "values", …}}}``, see ``score_predictions``.

    Raises:
      UserError: if the splits or the task do not fit.

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
      {'mean': 0.5, 'std': 0.0, 'n': 3, 'values': [0.5, 0.5, 0.5], 'diverged': 0}
    """
    splits = dict(benchmark.splits)
    found = {
        name: predict_split(net, variables, split, benchmark) for name, split in splits.items()
    }
    val = None
    if "val" not in splits and benchmark.val is not None:
        val = predict_split(net, variables, benchmark.val, benchmark)[0]
    diverged = np.any([lost for _, lost in found.values()], axis=0)
    if diverged.any():
        warnings.warn(
            f"{diverged.sum()} of {diverged.size} networks diverged ({type(net).__name__}) "
            "and count as uninformative; lower the learning rate",
            stacklevel=2,
        )
    predictions = {name: prediction for name, (prediction, _) in found.items()}
    return score_predictions(predictions, task=benchmark.task, val=val)


def score_nothing(benchmark: Benchmark, *, num_labels: int) -> Scores:
    """Scores the prediction of no finding for any image of a multi-label set.

    This accuracy is high if findings are rare; a network that has learned anything exceeds it. The
    prediction has no probability, so it has no calibration.

    Args:
      benchmark: the splits to score on, multi-label.
      num_labels: number of findings.

    Returns:
      ``{split: {metric: {"mean", "std", "n", "values"}}}``, as for one network.

    Example:
      >>> split = data.Split(np.zeros((4, 2, 2, 1), np.uint8), np.array([[1], [0], [0], [0]]))
      >>> benchmark = Benchmark({"test": split}, None, "multi-label, binary-class")
      >>> score_nothing(benchmark, num_labels=1)["test"]["accuracy"]["mean"]
      0.75
    """
    scores: Scores = {}
    for name, split in benchmark.splits.items():
        logits = np.full((1, len(split), num_labels), -1.0)
        metrics = score(logits, split.labels, task=benchmark.task)
        scores[name] = {
            metric: summarize(values)
            for metric, values in metrics.items()
            if metric not in CALIBRATION
        }
    return scores


def predict_split(
    net: nn.Module, variables: Params, split: data.Split, benchmark: Benchmark
) -> tuple[Prediction, np.ndarray]:
    """Returns the probabilities of networks for a split, and which of them diverged, bool ``[k]``.

    A network that diverged has all logits at 0.

    Args:
      net: the flax module that was trained.
      variables: its variables with a leading axis ``[k]``, as ``train_networks`` returns them.
      split: real images with labels.
      benchmark: the moments, the task and the devices; its splits are not used.
    """
    logits = np.asarray(
        predict(net, variables, split.images, stats=benchmark.stats, mesh=benchmark.mesh)
    )
    finite = np.isfinite(logits).all(axis=(1, 2))
    logits = np.where(finite[:, None, None], logits, np.zeros_like(logits))
    scores = probabilities(logits, task=benchmark.task)
    return Prediction(scores, split.labels, int((~finite).sum())), ~finite
