"""Density, coverage, precision and recall: how a set lies among real features, by k-NN balls."""

import math

import numpy as np
from scipy.spatial import distance


def neighbourhood_scores(
    features_set: np.ndarray, features_real: np.ndarray, *, neighbours: int
) -> dict[str, float]:
    """Computes density, coverage, precision and recall of a set.

    A ball around a point reaches its k-th nearest other point of the same kind. With ``m`` points
    of the set and ``n`` real ones, density is ``Σ_set (real balls that hold it) / (k m)``, coverage
    the share of real balls that hold a set point, precision the share of set points in a real ball,
    recall the share of real points in a ball of the set.

    Args:
      features_set, features_real: float ``[m, f]`` and ``[n, f]``.
      neighbours: k, at least 1.

    Returns:
      ``density`` (1 on average for real points, may exceed it), ``coverage``, ``precision`` and
      ``recall`` (0–1). NaN where a kind has k points or fewer, whose balls are not defined.

    Example:
      >>> real = np.array([[0.0], [1.0], [2.0], [9.0]])
      >>> neighbourhood_scores(np.array([[0.5], [20.0]]), real, neighbours=1)
      {'density': 1.0, 'coverage': 0.5, 'precision': 0.5, 'recall': 1.0}

    Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020;
    Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models",
    NeurIPS 2019.
    """
    scores = dict.fromkeys(("density", "coverage", "precision", "recall"), math.nan)
    if not len(features_set):
        return scores
    between = distance.cdist(features_set, features_real)
    if len(features_real) > neighbours:
        inside = between <= _radii(features_real, neighbours)
        scores["density"] = float(inside.sum() / (neighbours * len(features_set)))
        scores["coverage"] = float(inside.any(axis=0).mean())
        scores["precision"] = float(inside.any(axis=1).mean())
    if len(features_set) > neighbours:
        inside = between <= _radii(features_set, neighbours)[:, None]
        scores["recall"] = float(inside.any(axis=0).mean())
    return scores


def _radii(features: np.ndarray, neighbours: int) -> np.ndarray:
    """Returns the distance of each point to its k-th nearest other, ``[n]``."""
    apart = distance.cdist(features, features)
    np.fill_diagonal(apart, np.inf)
    radii: np.ndarray = np.partition(apart, neighbours - 1, axis=1)[:, neighbours - 1]
    return radii
