"""Areas under curves, which measure how well scores rank positives above negatives."""

import numpy as np


def roc_area(scores: np.ndarray, positive: np.ndarray) -> float:
    """Computes the area under the ROC curve, ``P(s⁺ > s⁻) + P(s⁺ = s⁻)/2`` (Mann–Whitney).

    Args:
      scores: float ``[n]``.
      positive: bool ``[n]``, with both values present.

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
    """Computes the area under the precision–recall curve, ``Σ (R_k − R_{k−1}) P_k``.

    Precision and recall are taken at every distinct score, from the highest. Images with equal
    scores count together. Chance is the share of positives.

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
