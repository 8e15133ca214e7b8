"""Comparison of training sets: the metric to compare by, and differences in points."""

import numpy as np

from medjax.types import MULTI_LABEL

# Above this share of the largest class, accuracy is high for a network that always predicts it.
_MAJORITY = 0.6


def headline(labels: np.ndarray, *, task: str) -> str:
    """Returns the metric that comes first in the tables of a set, where others can mislead.

    Args:
      labels: labels of the training images, ``[n]`` or rows ``[n, L]``.
      task: one of MedMNIST's four.

    Returns:
      ``auroc`` for a multi-label set, whose rare findings make accuracies high;
      ``balanced_accuracy`` if the largest class has over 60 % of the images; else ``accuracy``.

    Example:
      >>> headline(np.array([0, 0, 0, 1]), task="binary-class")
      'balanced_accuracy'
    """
    if task == MULTI_LABEL:
        return "auroc"
    largest = np.bincount(labels).max() / len(labels)
    return "balanced_accuracy" if largest > _MAJORITY else "accuracy"


def ior(syn_accuracy: float, random_accuracy: float) -> float:
    """Computes the improvement over random: synthetic images compared with as many real ones.

    Args:
      syn_accuracy: accuracy of networks trained on the synthetic set, 0–1.
      random_accuracy: accuracy of networks trained on as many random real images, 0–1.

    Returns:
      The difference in points (hundredths); positive if distillation helped.

    Example:
      >>> ior(0.75, 0.5)
      25.0

    Li et al., "DD-Ranking: Rethinking the Evaluation of Dataset Distillation", 2025.
    """
    return 100 * (syn_accuracy - random_accuracy)


def hlr(whole_accuracy: float, syn_accuracy: float) -> float:
    """Computes the hard-label recovery, the gap between the whole set and the synthetic one.

    Args:
      whole_accuracy: accuracy of networks trained on all real images, 0–1.
      syn_accuracy: accuracy of networks trained on the synthetic set with hard labels, 0–1.

    Returns:
      The difference in points (hundredths); 0 if the synthetic set is as good as the whole one.

    Example:
      >>> hlr(0.75, 0.5)
      25.0

    Li et al., "DD-Ranking: Rethinking the Evaluation of Dataset Distillation", 2025.
    """
    return 100 * (whole_accuracy - syn_accuracy)
