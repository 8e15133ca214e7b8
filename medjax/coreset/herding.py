"""Herding: real images whose mean is close to that of their class."""

from collections.abc import Sequence

import numpy as np

from medjax.coreset.class_rows import choose_by_class
from medjax.coreset.distances import mean, squared_distances


def herding(features: np.ndarray, labels: np.ndarray, ipc: int | Sequence[int]) -> np.ndarray:
    """Chooses ``ipc`` rows of every class whose mean is close to that of the class: herding.

    Each row brings the mean of the chosen rows closest to the mean of the class (Euclidean
    distance), and no row is chosen twice. The first of equally good rows is taken, so the choice is
    deterministic, and a smaller subset's rows are the first of a larger one's.

    Args:
      features, labels, ipc: see ``k_center``.

    Returns:
      int64 ``[Σ ipc]`` rows, ordered as those of ``k_center``.

    Raises:
      UserError: as ``k_center`` does.

    Example:
      >>> herding(np.array([[0.0], [4.0], [5.0], [11.0]]), np.zeros(4, int), 2).tolist()
      [2, 1]

    Welling, "Herding Dynamical Weights to Learn", ICML 2009, as used by Rebuffi et al., "iCaRL:
    Incremental Classifier and Representation Learning", CVPR 2017.
    """
    return choose_by_class(_places, features, labels, ipc)


def _places(features: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """Returns ``count`` distinct places in ``rows``, whose mean is close to that of all rows."""
    chosen = np.zeros(count, np.int64)
    if not count:
        return chosen
    # ‖mean − (sum + x) / k‖ is least for the x nearest to k·mean − sum, which is `missing`.
    step, missing = mean(features, rows), np.zeros(features.shape[1])
    for place in range(count):
        missing = missing + step
        distances = squared_distances(features, rows, missing.astype(features.dtype))
        distances[chosen[:place]] = np.inf
        chosen[place] = np.argmin(distances)
        missing = missing - features[rows[chosen[place]]]
    return chosen
