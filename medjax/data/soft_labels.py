"""Soft labels: rows of probabilities of classes that exclude each other."""

import numpy as np

# Of the sum of a row, which may come from float16.
_ROUNDING = 2e-3


def are_probabilities(labels: np.ndarray) -> bool:
    """Returns whether labels are rows of probabilities, ``[n, C]``, whose sum is 1.

    Args:
      labels: an array of any shape.

    Returns:
      A bool. Rows with a single 1 are probabilities, too.

    Example:
      >>> are_probabilities(np.array([[0.25, 0.75]])), are_probabilities(np.array([[1.0, 1.0]]))
      (True, False)
    """
    if labels.ndim != 2 or labels.dtype.kind not in "iubf" or not (labels >= 0).all():
        return False
    return bool((np.abs(labels.sum(axis=1, dtype=np.float64) - 1) <= _ROUNDING).all())
