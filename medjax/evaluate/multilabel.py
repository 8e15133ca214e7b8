"""Metrics of multi-label classifiers: means over findings.

Every metric takes scores ``[..., n, L]`` and label rows ``[n, L]`` of zeros and ones, and returns
an array of the leading shape: one number for one network, ``k`` numbers for networks stacked.
Labels may also be ``types.IGNORED``: a finding is scored on the images for which it is known.
"""

from collections.abc import Callable

import numpy as np

from medjax.evaluate import checks
from medjax.evaluate.ranking import average_precision, roc_area
from medjax.types import IGNORED

THRESHOLD = 0.5


def label_accuracy(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the fraction of correct labels among the known ones, as MedMNIST defines it.

    If findings are rare, predicting none of them scores high, see ``score_nothing``.

    Args:
      scores: float ``[..., n, L]``, probabilities; above 0.5 is a finding.
      labels: ``[n, L]``, zeros and ones, or ignored.

    Returns:
      float64 ``[...]`` in 0–1.

    Raises:
      UserError: if the labels do not fit.

    Example:
      >>> float(label_accuracy(np.array([[0.9, 0.2], [0.8, 0.7]]), np.array([[1, 0], [0, 1]])))
      0.75
    """
    scores, labels = checks.label_rows(scores, labels)
    correct = (scores > THRESHOLD) == (labels == 1)
    return np.mean(correct[..., labels != IGNORED], axis=-1, dtype=np.float64)


def label_balanced_accuracy(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the mean over findings of ``(sensitivity + specificity) / 2`` at 0.5.

    The mean skips a finding that all or none of the images have.

    Args:
      scores: float ``[..., n, L]``, probabilities; above 0.5 is a finding.
      labels: ``[n, L]``, zeros and ones, or ignored.

    Returns:
      float64 ``[...]`` in 0–1; predicting nothing gives 0.5.

    Raises:
      UserError: if the labels do not fit, or no finding divides the images.

    Example:
      >>> float(label_balanced_accuracy(np.zeros((4, 1)), np.array([[1], [0], [0], [0]])))
      0.5
    """

    def recalls(scores: np.ndarray, positive: np.ndarray) -> float:
        predicted = scores > THRESHOLD
        return float(predicted[positive].mean() + (~predicted[~positive]).mean()) / 2

    return _mean_over_findings(recalls, scores, labels)


def label_auroc(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the mean area under the ROC curve over findings, as MedMNIST defines it.

    The mean skips a finding that all or none of the images have, because it has no area.

    Args:
      scores: float ``[..., n, L]``; images are ranked by these.
      labels: ``[n, L]``, zeros and ones, or ignored.

    Returns:
      float64 ``[...]`` in 0–1; 0.5 is chance.

    Raises:
      UserError: if the labels do not fit, or no finding divides the images.

    Example:
      >>> float(label_auroc(np.array([[0.9], [0.6], [0.7]]), np.array([[1], [0], [0]])))
      1.0
    """
    return _mean_over_findings(roc_area, scores, labels)


def label_average_precision(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the mean average precision (mAP) over findings.

    The mean skips a finding that all or none of the images have.

    Args:
      scores: float ``[..., n, L]``; images are ranked by these.
      labels: ``[n, L]``, zeros and ones, or ignored.

    Returns:
      float64 ``[...]`` in 0–1; chance is the findings' mean prevalence.

    Raises:
      UserError: if the labels do not fit, or no finding divides the images.

    Example:
      >>> scores, labels = np.array([[0.9], [0.6], [0.7]]), np.array([[1], [0], [1]])
      >>> float(label_average_precision(scores, labels))
      1.0
    """
    return _mean_over_findings(average_precision, scores, labels)


def _mean_over_findings(
    metric: Callable[[np.ndarray, np.ndarray], float], scores: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    scores, labels = checks.label_rows(scores, labels)
    divided = checks.divided_findings(labels)
    flat = scores.reshape(-1, *scores.shape[-2:])
    values = [[metric(one[rows, i], labels[rows, i] == 1) for i, rows in divided] for one in flat]
    return np.mean(values, axis=-1).reshape(scores.shape[:-2])
