"""Images and labels as attacks see them."""

import numpy as np

from medjax import data
from medjax.types import Array


def as_inputs(shared: data.SharedSet, images: Array) -> np.ndarray:
    """Returns images as the networks of a run receive them, normalised or whitened.

    Args:
      shared: the set whose mean, standard deviation and whitening are used.
      images: uint8 ``[n, h, w, c]`` (0–255) or float in pixel units.

    Returns:
      float32 ``[n, h, w, c]``.

    Example:
      >>> one = np.ones(1, np.float32)
      >>> shared = data.SharedSet(np.zeros((1, 2, 2, 1), "f"), np.zeros(1, "i"), one, one)
      >>> float(as_inputs(shared, np.full((1, 2, 2, 1), 255, np.uint8)).max())
      0.0
    """
    images = np.asarray(images)
    values = np.float32(images) / (255 if images.dtype == np.uint8 else 1)
    return np.asarray(shared._replace(images=values, labels=shared.labels[:0]).normalised().images)


def group_mask(labels: np.ndarray, *, num_classes: int) -> np.ndarray:
    """Returns the groups of images, see ``data.group_indices``, as a mask.

    Args:
      labels: int ``[n]``; rows ``[n, L]`` of findings; or, for classes, soft labels.
      num_classes: number of classes or findings.

    Returns:
      bool ``[n, G]``; the last column of findings is the images without any.

    Example:
      >>> group_mask(np.array([1, 0]), num_classes=2).tolist()
      [[False, True], [True, False]]
    """
    found = data.group_indices(labels, num_classes=num_classes)
    groups = num_classes if np.ndim(labels) == 1 else num_classes + 1
    mask = np.zeros((len(labels), groups), bool)
    for group, rows in enumerate(found):
        mask[rows, group] = True
    return mask
