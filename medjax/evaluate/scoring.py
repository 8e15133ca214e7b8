"""The scores of networks: all metrics of a task, and their summary over networks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from medjax import errors
from medjax.evaluate import calibration, metrics, multilabel
from medjax.types import BINARY_CLASS, MULTI_CLASS, MULTI_LABEL, ORDINAL

Metric = Callable[[np.ndarray, np.ndarray], np.ndarray]

CALIBRATION: dict[str, Metric] = {
    "ece": calibration.expected_calibration_error,
    "brier": calibration.brier,
}
"""The metrics of every task that need probabilities; lower is better."""

_METRICS: dict[str, Metric] = {
    "accuracy": metrics.accuracy,
    "balanced_accuracy": metrics.balanced_accuracy,
    "auroc": metrics.auroc,
}
_BY_TASK: dict[str, dict[str, Metric]] = {
    MULTI_CLASS: _METRICS | CALIBRATION,
    BINARY_CLASS: _METRICS | CALIBRATION,
    ORDINAL: _METRICS
    | {
        "quadratic_weighted_kappa": metrics.quadratic_weighted_kappa,
        "mean_absolute_error": metrics.mean_absolute_error,
    }
    | CALIBRATION,
    MULTI_LABEL: {
        "accuracy": multilabel.label_accuracy,
        "balanced_accuracy": multilabel.label_balanced_accuracy,
        "auroc": multilabel.label_auroc,
        "average_precision": multilabel.label_average_precision,
    }
    | CALIBRATION,
}
_LOWER_IS_BETTER = ("mean_absolute_error", *CALIBRATION)


def selectable_metrics(task: str) -> tuple[str, ...]:
    """Returns the metrics of a task that can select images, for which higher is better.

    Args:
      task: one of MedMNIST's four.

    Returns:
      Names of metrics, as in ``score``.

    Raises:
      UserError: if the task is unknown.

    Example:
      >>> selectable_metrics("binary-class")
      ('accuracy', 'balanced_accuracy', 'auroc')
    """
    return tuple(name for name in _metrics(task) if name not in _LOWER_IS_BETTER)


def score(logits: np.ndarray, labels: np.ndarray, *, task: str) -> dict[str, np.ndarray]:
    """Computes all metrics of a task from logits.

    Args:
      logits: float ``[..., n, C]``, before any softmax.
      labels: int ``[n]`` in ``0 … C-1``; for a multi-label task rows ``[n, C]`` of zeros and ones,
        or ``types.IGNORED``.
      task: one of MedMNIST's four.

    Returns:
      ``{metric: float64 [...]}`` with ``accuracy``, ``balanced_accuracy``, ``auroc`` and ``ece``
      (each in 0–1) and ``brier``; also ``quadratic_weighted_kappa`` and ``mean_absolute_error`` for
      an ordinal task, and ``average_precision`` for a multi-label one, whose metrics are means over
      labels.

    Raises:
      UserError: if the task is unknown, the labels do not fit, or logits are not finite.

    Example:
      >>> logits = np.array([[[2.0, 0.0], [0.0, 1.0]]])
      >>> result = score(logits, np.array([0, 1]), task="binary-class")
      >>> {name: value.round(2).tolist() for name, value in result.items()}
      {'accuracy': [1.0], 'balanced_accuracy': [1.0], 'auroc': [1.0], 'ece': [0.19],
       'brier': [0.04]}
    """
    return score_probabilities(probabilities(logits, task=task), labels, task=task)


def score_probabilities(
    scores: np.ndarray, labels: np.ndarray, *, task: str
) -> dict[str, np.ndarray]:
    """Computes all metrics of a task from probabilities.

    Args:
      scores: float ``[..., n, C]``, as from ``probabilities`` or any classifier.
      labels: as for ``score``.
      task: one of MedMNIST's four.

    Returns:
      ``{metric: float64 [...]}``, as ``score`` does.

    Raises:
      UserError: if the task is unknown, the labels do not fit, or scores are not probabilities.

    Example:
      >>> scores = np.array([[0.9, 0.1], [0.2, 0.8]])
      >>> result = score_probabilities(scores, np.array([0, 1]), task="binary-class")
      >>> {name: float(value.round(3)) for name, value in result.items()}
      {'accuracy': 1.0, 'balanced_accuracy': 1.0, 'auroc': 1.0, 'ece': 0.15, 'brier': 0.025}
    """
    return {name: metric(scores, labels) for name, metric in _metrics(task).items()}


def probabilities(logits: np.ndarray, *, task: str) -> np.ndarray:
    """Converts logits to the probabilities that every metric takes.

    Args:
      logits: float ``[..., n, C]``.
      task: one of MedMNIST's four.

    Returns:
      float64 ``[..., n, C]`` in 0–1: the softmax over classes, which sums to one; for a multi-label
      task the sigmoid of each finding. In float64, confident networks do not tie at one.

    Raises:
      UserError: if the task is unknown, or logits are not finite.

    Example:
      >>> probabilities(np.array([[0.0, 0.0]]), task="binary-class").tolist()
      [[0.5, 0.5]]
    """
    _metrics(task)
    logits = np.asarray(logits)
    _require_finite(logits)
    logits = logits.astype(np.float64)
    if task == MULTI_LABEL:
        return np.exp(-np.logaddexp(0, -logits))
    odds = np.exp(logits - logits.max(-1, keepdims=True))
    return odds / odds.sum(-1, keepdims=True)


def summarize(values: np.ndarray) -> dict[str, Any]:
    """Computes the mean and the standard deviation of a metric over networks, and lists its values.

    Args:
      values: float ``[k]``, one value per network.

    Returns:
      ``{"mean", "std", "n", "values"}``. ``std`` divides by ``n`` (population), as in published
      results of dataset distillation; it is 0 for one network. ``values`` has the value of each
      network, in their order.

    Example:
      >>> summarize(np.array([0.5, 1.0]))
      {'mean': 0.75, 'std': 0.25, 'n': 2, 'values': [0.5, 1.0]}
    """
    values = np.asarray(values, np.float64).ravel()
    mean, std = float(values.mean()), float(values.std())
    return {"mean": mean, "std": std, "n": values.size, "values": values.tolist()}


def _metrics(task: str) -> dict[str, Metric]:
    if task not in _BY_TASK:
        raise errors.unknown("task", task, _BY_TASK)
    return _BY_TASK[task]


def _require_finite(logits: np.ndarray) -> None:
    """Raises a ``UserError`` that names the networks whose logits are not finite."""
    finite = np.isfinite(logits).all(axis=(-2, -1)).ravel()
    if not finite.all():
        bad = ", ".join(str(i) for i in np.flatnonzero(~finite))
        raise errors.UserError(
            f"logits are not finite for network {bad} of {finite.size}: its training diverged"
        )
