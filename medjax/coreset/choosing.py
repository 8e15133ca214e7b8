"""What a synthetic set must beat: as many real images, chosen without any distillation.

Of a multi-label set the classes are groups, see ``data.group_indices``: an image may be chosen for
several.
"""

from collections.abc import Iterator, Sequence

import jax
import numpy as np

from medjax import data, errors
from medjax.types import PRNGKey

_BLOCK_BYTES = 2**23


def random_subset(key: PRNGKey, labels: np.ndarray, ipc: int | Sequence[int]) -> np.ndarray:
    """Draws ``ipc`` rows of every class uniformly, without replacement.

    With one key, a smaller subset's rows of a class are the first of a larger one's.

    Args:
      key: PRNG key.
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, L]`` of a multi-label set.
      ipc: images per class; one number, or one for each of the ``C`` classes or groups.

    Returns:
      int64 ``[Σ ipc]`` rows, those of class 0 first, then those of class 1, ….

    Raises:
      UserError: a class has fewer than ``ipc`` rows, ``ipc`` is negative or has the wrong length.

    Example:
      >>> labels = np.array([1, 0, 1, 0, 1])
      >>> labels[random_subset(jax.random.key(0), labels, [1, 2])].tolist()
      [0, 1, 1]
    """
    classes = _classes(labels, ipc)
    # Classes may share their draws, as they share no image; groups do.
    shared, chosen = np.ndim(labels) == 1, []
    for label, (rows, count) in enumerate(classes):
        own = key if shared else jax.random.fold_in(key, label)
        draws = np.asarray(jax.random.bits(own, (len(labels),), np.uint32))
        chosen.append(rows[np.argsort(draws[rows], kind="stable")[:count]])
    return np.concatenate(chosen)


def at_most(labels: np.ndarray, ipc: int | Sequence[int]) -> list[int]:
    """Lowers ``ipc`` to what each class has.

    A synthetic set may have more images of a class than there are real ones; what it is compared
    with cannot.

    Args:
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, L]`` of a multi-label set.
      ipc: images per class; one number, or one for each of the ``C`` classes or groups.

    Returns:
      Images of each class, ``min(ipc, how many it has)``.

    Raises:
      UserError: ``ipc`` is negative or has the wrong length.

    Example:
      >>> at_most(np.array([0, 1, 1]), 2)
      [1, 2]
    """
    return [min(len(rows), count) for rows, count in _wanted(labels, ipc)]


def k_center(features: np.ndarray, labels: np.ndarray, ipc: int | Sequence[int]) -> np.ndarray:
    """Chooses ``ipc`` rows of every class that cover it: greedy k-center in an embedding.

    The first is the row nearest to the mean of its class; each next is the row farthest from those
    chosen (Euclidean distance). Rows level with each other go by their order, so the choice is
    deterministic, and a smaller subset's rows are the first of a larger one's.

    Args:
      features: float ``[n, f]``; looked at in blocks, so that a memory-mapped file will do.
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, L]`` of a multi-label set.
      ipc: images per class; one number, or one for each of the ``C`` classes or groups.

    Returns:
      int64 ``[Σ ipc]`` rows, those of class 0 first, then those of class 1, …; within a class in
      the order chosen.

    Raises:
      UserError: a class has fewer than ``ipc`` rows, ``ipc`` is negative or has the wrong length,
        or the features are not finite or not as many as the labels.

    Example:
      >>> k_center(np.array([[0.0], [1.0], [2.0], [9.0]]), np.zeros(4, int), 2).tolist()
      [2, 3]

    Sener and Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach",
    ICLR 2018.
    """
    features = _checked(features, labels)
    chosen = [rows[_farthest_first(features, rows, count)] for rows, count in _classes(labels, ipc)]
    return np.concatenate(chosen)


def herding(features: np.ndarray, labels: np.ndarray, ipc: int | Sequence[int]) -> np.ndarray:
    """Chooses ``ipc`` rows of every class whose mean is near that of the class: herding.

    Each next row is the one that brings the mean of those chosen nearest to the mean of the class
    (Euclidean distance), and none comes twice. Rows level with each other go by their order, so
    the choice is deterministic, and a smaller subset's rows are the first of a larger one's.

    Args:
      features: float ``[n, f]``; looked at in blocks, so that a memory-mapped file will do.
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, L]`` of a multi-label set.
      ipc: images per class; one number, or one for each of the ``C`` classes or groups.

    Returns:
      int64 ``[Σ ipc]`` rows, those of class 0 first, then those of class 1, …; within a class in
      the order chosen.

    Raises:
      UserError: as ``k_center``.

    Example:
      >>> herding(np.array([[0.0], [4.0], [5.0], [11.0]]), np.zeros(4, int), 2).tolist()
      [2, 1]

    Welling, "Herding Dynamical Weights to Learn", ICML 2009, as used by Rebuffi et al., "iCaRL:
    Incremental Classifier and Representation Learning", CVPR 2017.
    """
    features = _checked(features, labels)
    chosen = [rows[_nearest_mean(features, rows, count)] for rows, count in _classes(labels, ipc)]
    return np.concatenate(chosen)


def _checked(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The features as an array, or a ``UserError`` that says why no distance can be measured."""
    features = np.asarray(features)
    if features.ndim != 2 or len(features) != len(labels):
        raise errors.UserError(
            f"{len(labels)} labels do not fit features of shape {list(features.shape)}"
        )
    if not all(np.isfinite(block).all() for block in _blocks(features, np.arange(len(labels)))):
        raise errors.UserError("features are not finite: no distance can be measured")
    return features


def _nearest_mean(features: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """``count`` distinct places in ``rows``, each bringing their mean nearest to that of all."""
    chosen = np.zeros(count, np.int64)
    if not count:
        return chosen
    # ‖mean − (sum + x) / k‖ is least where x is nearest to k·mean − sum.
    mean, missing = _mean(features, rows), 0.0
    for place in range(count):
        missing = missing + mean
        distances = _squared_distances(features, rows, missing.astype(features.dtype))
        distances[chosen[:place]] = np.inf
        chosen[place] = np.argmin(distances)
        missing = missing - features[rows[chosen[place]]]
    return chosen


def _mean(features: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The mean of some rows, float64."""
    blocks = _blocks(features, rows)
    return sum(block.sum(axis=0, dtype=np.float64) for block in blocks) / len(rows)


def _farthest_first(features: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """``count`` distinct places in ``rows``, each the farthest from those before."""
    chosen = np.zeros(count, np.int64)
    if not count:
        return chosen
    centre = _mean(features, rows).astype(features.dtype)
    chosen[0] = np.argmin(_squared_distances(features, rows, centre))
    nearest = np.full(len(rows), np.inf, features.dtype)
    for place in range(1, count):
        last = chosen[place - 1]
        distances = _squared_distances(features, rows, features[rows[last]])
        nearest = np.minimum(nearest, distances)
        # Below every distance, so that duplicates at distance zero cannot bring it back.
        nearest[last] = -1
        chosen[place] = np.argmax(nearest)
    return chosen


def _squared_distances(features: np.ndarray, rows: np.ndarray, centre: np.ndarray) -> np.ndarray:
    blocks = _blocks(features, rows)
    return np.concatenate([np.square(block - centre).sum(axis=-1) for block in blocks])


def _blocks(features: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The features of some rows, in pieces of bounded size."""
    size = max(_BLOCK_BYTES // max(features.shape[1] * features.itemsize, 1), 1)
    for start in range(0, len(rows), size):
        yield features[rows[start : start + size]]


def _classes(labels: np.ndarray, ipc: int | Sequence[int]) -> list[tuple[np.ndarray, int]]:
    """``_wanted``, or a ``UserError`` where there are not so many."""
    classes = _wanted(labels, ipc)
    for label, (rows, count) in enumerate(classes):
        if len(rows) < count:
            raise errors.UserError(
                f"class {label} has {len(rows)} images, fewer than ipc {count}: lower the ipc"
            )
    return classes


def _wanted(labels: np.ndarray, ipc: int | Sequence[int]) -> list[tuple[np.ndarray, int]]:
    """The rows of every class with how many of them are wanted."""
    labels, counts = np.asarray(labels), np.asarray(ipc)
    if not labels.size:
        raise errors.UserError("there are no images to choose from")
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or (counts < 0).any():
        raise errors.UserError(f"ipc must be whole numbers of at least 0, not {ipc}")
    num_classes = labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1
    if counts.ndim == 1 and labels.ndim == 1:  # of which the last may have no image here
        num_classes = max(num_classes, len(counts))
    by_class = data.group_indices(labels, num_classes=num_classes)
    if counts.ndim == 1 and len(counts) != len(by_class):
        raise errors.UserError(
            f"ipc gives {len(counts)} numbers for {len(by_class)} classes: {ipc}"
        )
    counts = np.full(len(by_class), counts) if counts.ndim == 0 else counts
    return [(rows, int(count)) for rows, count in zip(by_class, counts, strict=True)]
