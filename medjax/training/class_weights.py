"""Weights of images in the training loss that balance the classes."""

import numpy as np

from medjax import data


def class_weights(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Returns float ``[n]``, each image's frequency if all groups were equally frequent; mean 1.

    The images of no group, for ignored labels, are one more group.
    """
    weights = np.zeros(len(labels))
    groups = data.group_indices(labels, num_classes=num_classes)
    rest = np.setdiff1d(np.arange(len(labels)), np.concatenate(groups))
    for group in (*groups, rest):
        weights[group] += 1 / max(len(group), 1)
    balanced: np.ndarray = weights / weights.mean()
    return balanced
