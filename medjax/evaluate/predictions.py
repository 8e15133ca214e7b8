"""The scores of predictions on several splits, with the thresholds and intervals they share."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from medjax.evaluate.delong import auroc_interval
from medjax.evaluate.scoring import score_probabilities, summarize
from medjax.evaluate.thresholds import balanced_accuracy_at, choose_threshold
from medjax.types import BINARY_CLASS, MULTI_LABEL

Scores = dict[str, dict[str, dict[str, Any]]]
"""``{split: {metric: {"mean", "std", "n", "values", "diverged"}}}``, see ``score_predictions``."""

_DIVIDED = (BINARY_CLASS, MULTI_LABEL)


class Prediction(NamedTuple):
    """What several networks predict for the images of a split.

    Attributes:
      scores: float64 ``[k, n, C]``, probabilities.
      labels: int ``[n]``, or rows ``[n, C]``.
      diverged: how many of the networks diverged, and have equal probabilities for all images.
    """

    scores: np.ndarray
    labels: np.ndarray
    diverged: int = 0


def score_predictions(
    predictions: Mapping[str, Prediction], *, task: str, val: Prediction | None = None
) -> Scores:
    """Computes all metrics of predictions on every split.

    Besides the metrics of ``score``, two classes and findings get ``balanced_accuracy_tuned``: the
    balanced accuracy at the threshold that each network, for each finding, has from its own
    probabilities on val (``choose_threshold``). Without val it is absent. On val itself it is
    optimistic, because the threshold was chosen on the same images.

    Args:
      predictions: by the name of the split.
      task: one of MedMNIST's four.
      val: predictions of the same networks to choose thresholds on, if no split is named ``val``.

    Returns:
      ``{split: {metric: {"mean", "std", "n", "values", "diverged"}}}``, as ``summarize`` computes
      them, with the number of networks that diverged. ``auroc`` also has ``"image_interval"``, the
      95 % interval ``[low, high]`` over the images of the split (``auroc_interval``), of the mean
      over the networks as they are; both are ``None`` where the images cannot tell.

    Raises:
      UserError: if the task is unknown, the labels do not fit, or scores are not probabilities.

    Example:
      >>> positive = np.array([[0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9]])
      >>> labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
      >>> test = Prediction(np.stack([1 - positive, positive], axis=-1), labels)
      >>> scores = score_predictions({"test": test}, task="binary-class", val=test)["test"]
      >>> [round(end, 3) for end in scores["auroc"]["image_interval"]]
      [0.438, 0.997]
      >>> scores["balanced_accuracy"]["mean"], scores["balanced_accuracy_tuned"]["mean"]
      (0.75, 0.875)
    """
    val, thresholds = predictions.get("val", val), None
    if val is not None and task in _DIVIDED:
        thresholds = choose_threshold(val.scores, val.labels)
    return {name: _score(one, thresholds, task) for name, one in predictions.items()}


def _score(
    prediction: Prediction, thresholds: np.ndarray | None, task: str
) -> dict[str, dict[str, Any]]:
    scores, labels, diverged = prediction
    metrics = score_probabilities(scores, labels, task=task)
    if thresholds is not None:
        metrics["balanced_accuracy_tuned"] = balanced_accuracy_at(scores, labels, thresholds)
    found = {name: summarize(values) | {"diverged": diverged} for name, values in metrics.items()}
    interval = auroc_interval(scores, labels)
    ends = [None if math.isnan(end) else end for end in (interval.low, interval.high)]
    found["auroc"]["image_interval"] = ends
    return found
