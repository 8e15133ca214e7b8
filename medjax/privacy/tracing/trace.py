"""Tracing: is an image nearer to the mean of synthetic images than the population would be?"""

import numpy as np


def trace(
    features: np.ndarray,
    groups: np.ndarray,
    synthetic: np.ndarray,
    synthetic_groups: np.ndarray,
    centres: np.ndarray,
    *,
    origin: np.ndarray | None = None,
) -> np.ndarray:
    r"""Computes the tracing statistic of every image in each of its groups.

    With the features ``x`` of an image, the mean ``s_g`` of the synthetic images of its group and a
    mean ``μ_g`` in which members and others count alike, it is ``⟨x − μ_g, s_g − μ_g⟩``. A mean
    of ``n`` members includes ``x/n``, so for members the product is larger by ``‖x − μ_g‖²/n`` on
    average. It needs no other distillations.

    Args:
      features: float ``[n, f]`` of the images.
      groups: bool ``[n, G]``, the groups (classes or findings) of each image.
      synthetic: float ``[s, f]``, features of the synthetic images.
      synthetic_groups: bool ``[s, G]``.
      centres: float ``[G, f]``, mean features by group of images that represent the population.
      origin: float ``[G, f]``, the mean features of the synthetic images before the first
        iteration, which whoever knows the seed can compute; it replaces the second ``μ_g``.

    Returns:
      float64 ``[n, G]``, NaN where an image is not in a group or no synthetic image is.

    Example:
      >>> groups, centres = np.ones((2, 1), bool), np.zeros((1, 2))
      >>> trace(np.eye(2), groups, np.array([[3.0, 1.0]]), groups[:1], centres).ravel().tolist()
      [3.0, 1.0]

    Homer et al., PLoS Genetics 2008; Dwork et al., "Robust traceability from trace amounts", FOCS
    2015.
    """
    means = group_means(synthetic, synthetic_groups)
    origin = centres if origin is None else origin
    found = np.full(groups.shape, np.nan)
    for group in np.flatnonzero(synthetic_groups.any(axis=0)):
        rows = np.flatnonzero(groups[:, group])
        direction = means[group] - origin[group]
        found[rows, group] = (features[rows] - centres[group]) @ direction
    return found


def nearness(
    features: np.ndarray, groups: np.ndarray, synthetic: np.ndarray, synthetic_groups: np.ndarray
) -> np.ndarray:
    """Computes minus the squared distance to the nearest synthetic image in each group of an image.

    Args:
      features, groups, synthetic, synthetic_groups: see ``trace``.

    Returns:
      float64 ``[n, G]``, NaN as in ``trace``.

    Example:
      >>> groups = np.ones((2, 1), bool)
      >>> nearness(np.eye(2), groups, np.array([[1.0, 0.0]]), groups[:1]).ravel().tolist()
      [-0.0, -2.0]
    """
    found = np.full(groups.shape, np.nan)
    for group in np.flatnonzero(synthetic_groups.any(axis=0)):
        rows = np.flatnonzero(groups[:, group])
        distances = squared_distances(features[rows], synthetic[synthetic_groups[:, group]])
        found[rows, group] = -distances.min(axis=1)
    return found


def squared_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns squared Euclidean distances ``[n, m]`` of rows ``[n, f]`` and ``[m, f]``, float64.

    Example:
      >>> squared_distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).tolist()
      [[25.0]]
    """
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None]
    return np.maximum(squares - 2 * one @ other.T, 0.0)


def group_means(features: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Returns mean features ``[G, f]`` of each group; that of all images for one without images.

    Args:
      features: float ``[n, f]``.
      groups: bool ``[n, G]``.

    Example:
      >>> group_means(np.eye(2), np.array([[True, False], [False, False]])).tolist()
      [[1.0, 0.0], [0.5, 0.5]]
    """
    features = np.asarray(features, np.float64)
    used = np.where(groups.any(axis=0)[None], groups, True).astype(np.float64)
    means: np.ndarray = used.T @ features / used.sum(axis=0)[:, None]
    return means
