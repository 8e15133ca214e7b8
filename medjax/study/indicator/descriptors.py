"""Descriptors of a data set, known before anything is distilled."""

import math

import numpy as np
from scipy.spatial import distance

from medjax import data

_MOST = 2000


def intrinsic_dimension(features: np.ndarray, *, seed: int = 0) -> float:
    """Estimates the number of dimensions that a cloud of points fills, by TwoNN.

    With the distances ``r1 ≤ r2`` of a point to its two nearest others and ``μ = r2 / r1``, which
    has the density ``d μ^(−d − 1)`` where the density of points is even, the estimate is that of
    greatest likelihood, ``n / Σ ln μ``.

    Args:
      features: float ``[n, f]``, of which at most 2,000 random rows count. Equal rows count once.
      seed: seed of the choice.

    Returns:
      The dimension; NaN for fewer than three different rows.

    Example:
      >>> line = np.random.default_rng(0).uniform(size=(2000, 1)) * np.ones((1, 3))
      >>> round(intrinsic_dimension(line))
      1

    Facco et al., "Estimating the intrinsic dimension of datasets by a minimal neighborhood
    information", Scientific Reports 7, 2017.
    """
    rows = np.random.default_rng(seed).permutation(len(features))[:_MOST]
    points = np.unique(np.asarray(features, np.float64)[rows], axis=0)
    if len(points) < 3:
        return math.nan
    apart = distance.cdist(points, points)
    np.fill_diagonal(apart, np.inf)
    first, second = np.partition(apart, 1, axis=1)[:, :2].T
    total = float(np.log(second / first).sum())
    return len(points) / total if total > 0 else math.nan


def descriptors(labels: np.ndarray, *, num_classes: int) -> dict[str, float]:
    """Describes the classes of a training set, or the groups of a multi-label set.

    Args:
      labels: int ``[n]``, or rows ``[n, num_classes]``.
      num_classes: number of classes, or of findings.

    Returns:
      ``classes``, their number; ``smallest``, the images of the smallest that has any; and
      ``imbalance``, those of the largest over those of the smallest.

    Example:
      >>> descriptors(np.array([0, 0, 0, 1]), num_classes=2)
      {'classes': 2.0, 'smallest': 1.0, 'imbalance': 3.0}
    """
    groups = data.group_indices(np.asarray(labels), num_classes=num_classes)
    sizes = [len(group) for group in groups if len(group)]
    return {
        "classes": float(len(sizes)),
        "smallest": float(min(sizes)),
        "imbalance": max(sizes) / min(sizes),
    }
