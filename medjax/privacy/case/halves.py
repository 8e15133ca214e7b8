"""Random halves of a training set, without copies across them and by patient."""

from typing import NamedTuple

import numpy as np

from medjax import data
from medjax.data.inspect.duplicates import digests, equal_groups


class Pool(NamedTuple):
    """The training images that members and others are drawn from.

    Attributes:
      rows: int ``[n]``, the rows of the training set that stay.
      units: int ``[n]``, the number of each image's patient, or of the image itself.
      by_patient: whether the units are patients.
      exact: images that were left out as exact copies of another.
      near: images that were left out as near copies of another.
    """

    rows: np.ndarray
    units: np.ndarray
    by_patient: bool
    exact: int
    near: int


def pool(dataset: data.Dataset, *, near: int) -> Pool:
    """Leaves out copies of training images, of which one might be a member and one not.

    Of images that are the same byte for byte, or whose perceptual hashes differ in few bits, only
    the first stays.

    Args:
      dataset: the data set of the run.
      near: the most bits, of 256, in which the hashes of near copies differ, see
        ``data.near_pairs``.

    Returns:
      The images that stay.

    Example:
      >>> pool(data.load("phantom"), near=0).exact
      0
    """
    images = dataset.train.images
    dropped = np.zeros(len(images), bool)
    for places in equal_groups({"train": digests(images)}):
        dropped[[place.row for place in places[1:]]] = True
    exact = int(dropped.sum())
    for pair in data.near_pairs({"train": images}, distance=near):
        if not (dropped[pair.one.row] or dropped[pair.other.row]):
            dropped[pair.other.row] = True
    patients = dataset.info.patients.get("train")
    rows = np.flatnonzero(~dropped)
    units = rows if patients is None else np.asarray(patients)[rows]
    return Pool(rows, units, patients is not None, exact, int(dropped.sum()) - exact)


def half(seed: int, number: int, labels: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Draws half of the units, separately among those whose first images have the same labels.

    Args:
      seed: the halves are a function of it.
      number: which of many halves, from 0.
      labels: int ``[n]``, or rows ``[n, L]``.
      units: int ``[n]``, see ``Pool``.

    Returns:
      bool ``[n]``, whether each image is in the half.

    Example:
      >>> inside = half(0, 0, np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 1, 2, 3, 4]))
      >>> int(inside[4:].sum()), bool(inside[0] == inside[1])
      (1, True)
    """
    rng = np.random.default_rng([seed, number, 0xA0D17])
    _, first, place = np.unique(units, return_index=True, return_inverse=True)
    kinds = np.unique(np.asarray(labels)[first], axis=0, return_inverse=True)[1].reshape(-1)
    inside = np.zeros(len(first), bool)
    for kind in range(kinds.max() + 1):
        members = rng.permutation(np.flatnonzero(kinds == kind))
        size = len(members) // 2 + (len(members) % 2) * int(rng.integers(2))
        inside[members[:size]] = True
    chosen: np.ndarray = inside[place]
    return chosen
