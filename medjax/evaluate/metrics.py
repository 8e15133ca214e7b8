"""Metrics of a classifier in numpy: those of MedMNIST's evaluator and more.

Every metric takes scores ``[..., n, C]`` and labels ``[n]`` and returns an array of the leading
shape: one number for one network ``[n, C]``, ``k`` numbers for networks stacked to ``[k, n, C]``.
The metrics of label rows are in ``multilabel.py``.
"""

import numpy as np

from medjax.evaluate import checks
from medjax.evaluate.ranking import roc_area


def accuracy(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the fraction of images whose highest score is that of their class.

    Args:
      scores: float ``[..., n, C]``, logits or probabilities.
      labels: int ``[n]`` in ``0 … C-1``.

    Returns:
      float64 ``[...]`` in 0–1. The lowest class wins among equal scores.

    Raises:
      UserError: if the labels are multi-label, out of range, or differ in number from the scores.

    Example:
      >>> float(accuracy(np.array([[2.0, 1.0], [5.0, 4.0]]), np.array([0, 1])))
      0.5
    """
    scores, labels = checks.class_labels(scores, labels)
    return np.mean(scores.argmax(-1) == labels, axis=-1, dtype=np.float64)


def balanced_accuracy(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the mean recall of the classes that are present in the labels.

    Args:
      scores: float ``[..., n, C]``, logits or probabilities.
      labels: int ``[n]`` in ``0 … C-1``.

    Returns:
      float64 ``[...]`` in 0–1.

    Raises:
      UserError: if the labels are multi-label, out of range, or differ in number from the scores.

    Example:
      >>> float(balanced_accuracy(np.eye(2)[[0, 0, 0, 0]], np.array([0, 0, 0, 1])))
      0.5
    """
    scores, labels = checks.class_labels(scores, labels)
    correct = scores.argmax(-1) == labels
    recalls = [np.mean(correct[..., labels == c], axis=-1) for c in np.unique(labels)]
    return np.mean(recalls, axis=0)


def auroc(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    r"""Computes the area under the ROC curve, as MedMNIST defines it.

    For a class, it is the probability that an image of the class scores higher than one that is
    not, ties counting half (the Mann–Whitney statistic, so it is exact):
    ``P(s⁺ > s⁻) + P(s⁺ = s⁻)/2``. With more than two classes, the result is the mean over
    classes, each against the rest; with two classes, it is the area for class 1. The mean skips
    a class that is absent from the labels, because it has no area.

    Args:
      scores: float ``[..., n, C]``. Images are ranked by these, so they should be probabilities:
        raw logits are comparable within an image, not between images. ``score`` converts them.
      labels: int ``[n]`` in ``0 … C-1``.

    Returns:
      float64 ``[...]`` in 0–1; 0.5 is chance.

    Raises:
      UserError: if all labels are one class, multi-label, out of range, or differ in number from
        the scores.

    Example:
      >>> float(auroc(np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]]), np.array([0, 1, 1])))
      1.0

    Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143, 1982.
    """
    scores, labels = checks.class_labels(scores, labels)
    classes = checks.ranked_classes(scores, labels)
    flat = scores.reshape(-1, *scores.shape[-2:])
    areas = [[roc_area(one[:, c], labels == c) for c in classes] for one in flat]
    return np.mean(areas, axis=-1).reshape(scores.shape[:-2])


def quadratic_weighted_kappa(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    r"""Computes Cohen's kappa with quadratic weights, for ordered classes (grades of a disease).

    ``κ = 1 − E (y − ŷ)² / E (y − ŷ′)²`` where ``ŷ′`` is drawn from the predictions independently
    of ``y``: the denominator is ``var y + var ŷ + (mean y − mean ŷ)²``.

    Args:
      scores: float ``[..., n, C]``, logits or probabilities; the prediction is the argmax.
      labels: int ``[n]`` in ``0 … C-1``, in the order of the grades.

    Returns:
      float64 ``[...]``, at most 1; 0 is chance. The value is also 0 if all labels and predictions
      are one class, for which kappa is undefined.

    Raises:
      UserError: if the labels are multi-label, out of range, or differ in number from the scores.

    Example:
      >>> float(quadratic_weighted_kappa(np.eye(3)[[0, 1, 2, 2]], np.array([0, 1, 2, 1])).round(2))
      0.8

    Cohen, "Weighted kappa", Psychological Bulletin 70, 1968.
    """
    scores, labels = checks.class_labels(scores, labels)
    predicted = scores.argmax(-1)
    observed = np.mean((predicted - labels) ** 2, axis=-1)
    gap = predicted.mean(-1) - labels.mean()
    expected = predicted.var(-1) + labels.var() + gap**2
    undefined = expected == 0
    return np.where(undefined, 0.0, 1 - observed / np.where(undefined, 1.0, expected))


def mean_absolute_error(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Computes the mean distance of predictions from the labels in grades, ``E |y − ŷ|``.

    Args:
      scores: float ``[..., n, C]``, logits or probabilities; the prediction is the argmax.
      labels: int ``[n]`` in ``0 … C-1``, in the order of the grades.

    Returns:
      float64 ``[...]`` in grades, from 0 (perfect) to ``C - 1``.

    Raises:
      UserError: if the labels are multi-label, out of range, or differ in number from the scores.

    Example:
      >>> float(mean_absolute_error(np.eye(3)[[0, 1, 2, 2]], np.array([0, 1, 2, 0])))
      0.5
    """
    scores, labels = checks.class_labels(scores, labels)
    return np.mean(np.abs(scores.argmax(-1) - labels), axis=-1, dtype=np.float64)
