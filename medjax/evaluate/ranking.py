"""Areas under curves, which measure how well scores rank positives above negatives."""

import numpy as np


def roc_area(scores: np.ndarray, positive: np.ndarray) -> float:
    """Computes the area under the ROC curve, ``P(s⁺ > s⁻) + P(s⁺ = s⁻)/2`` (Mann–Whitney).

    Scores are float ``[n]``; ``positive`` is bool ``[n]`` and contains both values.
    """
    negatives = np.sort(scores[~positive])
    below = np.searchsorted(negatives, scores[positive], side="left")
    not_above = np.searchsorted(negatives, scores[positive], side="right")
    return float(np.mean(below + not_above) / (2 * len(negatives)))


def average_precision(scores: np.ndarray, positive: np.ndarray) -> float:
    """Computes the area under the precision–recall curve, ``Σ (R_k − R_{k−1}) P_k``.

    Precision and recall are taken at every distinct score, from the highest. Images with equal
    scores count together. Chance is the share of positives.

    Scores are float ``[n]``; ``positive`` is bool ``[n]`` and true at least once.
    """
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(positive[order])
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))  # of each distinct score
    hits = hits[last]
    gained = np.diff(hits, prepend=0)
    return float(np.sum(gained * hits / (last + 1)) / hits[-1])
