"""Comparison of training sets: the metric to compare by, and differences in points."""

from collections.abc import Mapping

import numpy as np

from medjax.evaluate.baselines.comparison import Baseline
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


def better_whole(baselines: Mapping[str, Baseline], *, by: str) -> str:
    """Returns the name of the better training on all images: as they are, or balanced.

    A distilled set is balanced. At 74 % positive images the whole set as it is loses balanced
    accuracy to its own class balance, and a distilled set seems to exceed it.

    Args:
      baselines: from ``score_baselines``.
      by: the metric on val that decides.

    Returns:
      ``"whole_balanced"`` if it is better on val, otherwise ``"whole"``, as without a val split.

    Example:
      >>> def scored(auroc): return Baseline({"val": {"auroc": {"mean": auroc}}}, {})
      >>> better_whole({"whole": scored(0.8), "whole_balanced": scored(0.9)}, by="auroc")
      'whole_balanced'
    """
    val = [baselines[name].scores.get("val") for name in ("whole", "whole_balanced")]
    if val[0] is None or val[1] is None:
        return "whole"
    return "whole_balanced" if val[1][by]["mean"] > val[0][by]["mean"] else "whole"
