"""Scores of images, made comparable across groups and averaged by patient."""

import numpy as np


def standardised(scores: np.ndarray) -> np.ndarray:
    """Subtracts the mean of each group's scores and divides by their spread; keeps NaN.

    Members and others are treated alike, so that groups can be ranked together.

    Args:
      scores: float ``[n, G]``, of members and others.

    Example:
      >>> standardised(np.array([[1.0], [3.0], [np.nan]])).ravel().tolist()
      [-1.0, 1.0, nan]
    """
    mean, spread = moments(scores)
    return (scores - mean) / spread


def moments(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and the spread ``[G]`` of each group's scores; 0 and 1 for one without.

    Args:
      scores: float ``[n, G]``, NaN where an image is not in a group.

    Example:
      >>> moments(np.array([[1.0, np.nan], [3.0, np.nan]]))
      (array([2., 0.]), array([1., 1.]))
    """
    known = ~np.isnan(scores)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, scores, 0).sum(axis=0) / counts
    spread = np.sqrt(np.where(known, (scores - mean) ** 2, 0).sum(axis=0) / counts)
    return mean, np.where(spread > 0, spread, 1.0)


def per_unit(scores: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Averages scores over the groups and the images of each unit, such as a patient.

    Args:
      scores: float ``[n, G]``, NaN where an image is not in a group.
      units: int ``[n]``, the number of each image's unit.

    Returns:
      float64 ``[u]``, of the units that have a score, in the order of their number.

    Example:
      >>> per_unit(np.array([[1.0, 3.0], [4.0, np.nan], [np.nan, np.nan]]), np.array([7, 7, 8]))
      array([2.66666667])
    """
    known = ~np.isnan(scores)
    _, place = np.unique(units, return_inverse=True)
    counts = np.bincount(place, known.sum(axis=1))
    sums = np.bincount(place, np.where(known, scores, 0).sum(axis=1))
    means: np.ndarray = sums[counts > 0] / counts[counts > 0]
    return means
