"""How well scores rank positives above negatives: the areas that metrics are averages of."""

import numpy as np


def roc_area(scores: np.ndarray, positive: np.ndarray) -> float:
    """The area under the ROC curve: the Mann–Whitney statistic, ``P(s⁺ > s⁻) + P(s⁺ = s⁻)/2``.

    Args:
      scores: float ``[n]``.
      positive: bool ``[n]``, with some of each.

    Returns:
      The area in 0–1; 0.5 is chance.

    Example:
      >>> roc_area(np.array([0.1, 0.4, 0.3]), np.array([False, True, False]))
      1.0
    """
    negatives = np.sort(scores[~positive])
    below = np.searchsorted(negatives, scores[positive], side="left")
    not_above = np.searchsorted(negatives, scores[positive], side="right")
    return float(np.mean(below + not_above) / (2 * len(negatives)))


def average_precision(scores: np.ndarray, positive: np.ndarray) -> float:
    """The area under the precision–recall curve as a sum of steps, ``Σ (R_k − R_{k−1}) P_k``.

    Precision and recall are those at every distinct score, from the highest; images of one score
    come together. Chance is the share of positives.

    Args:
      scores: float ``[n]``.
      positive: bool ``[n]``, with at least one.

    Returns:
      The average precision in 0–1.

    Example:
      >>> average_precision(np.array([0.9, 0.8, 0.1]), np.array([True, False, True])).__round__(3)
      0.833
    """
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(positive[order])
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))  # of each distinct score
    hits = hits[last]
    gained = np.diff(hits, prepend=0)
    return float(np.sum(gained * hits / (last + 1)) / hits[-1])
