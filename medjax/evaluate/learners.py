"""Learners of scikit-learn, which judge a set of images beside networks.

A set that was distilled with one kind of network should teach other learners, too. They see every
image as the vector ``(image − mean)/std`` of its pixels. scikit-learn is the extra ``learners``.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from medjax.coreset import at_most, random_subset
from medjax.data import Split, group_indices
from medjax.errors import UserError, unknown
from medjax.evaluate.intervals import Interval, prediction_interval
from medjax.evaluate.multilabel import THRESHOLD
from medjax.evaluate.predictions import Prediction, Scores, score_predictions
from medjax.evaluate.protocol import Benchmark
from medjax.training.inputs import Stats
from medjax.types import IGNORED, PRNGKey

_HIDDEN, _MOST_ITERATIONS, _IMAGES_PER_PIECE = 64, 1000, 512

_Model = Callable[[np.ndarray], np.ndarray]


class LearnerScores(NamedTuple):
    """What a learner reaches with a set, and with random images.

    Attributes:
      ours: scores with the set; a learner that starts from random numbers has several seeds.
      random: scores with random images, one value for each draw.
      difference: the set minus one more draw of random images, in one metric on test as a fraction:
        the mean, and the interval in which it lies (``prediction_interval``).
    """

    ours: Scores
    random: Scores
    difference: Interval


def check_learners(names: Sequence[str]) -> None:
    """Checks that learners can be used.

    Args:
      names: any of ``logistic`` (logistic regression, L2), ``knn`` (the nearest image decides) and
        ``mlp`` (one hidden layer of 64).

    Raises:
      UserError: for an unknown name, or without scikit-learn.

    Example:
      >>> check_learners(["logistic", "knn"])
    """
    for name in names:
        if name not in _LEARNERS:
            raise unknown("learner", name, _LEARNERS)
    try:
        import sklearn  # noqa: F401  (an extra)
    except ImportError as error:
        raise UserError("learners need scikit-learn: pip install -e '.[learners]'") from error


def random_rows(keys: PRNGKey, train: Split, labels: np.ndarray) -> list[np.ndarray]:
    """Draws as many random real images of each class as a set has, several times.

    A class with fewer real images contributes all of them. The images of a multi-label set are
    divided evenly among the groups of ``data.group_indices``.

    Args:
      keys: a PRNG key for each draw, ``[draws]``.
      train: the real training images.
      labels: labels of the set, int ``[n]`` or rows ``[n, L]``.

    Returns:
      Rows of ``train``, an array for each draw.

    Example:
      >>> import jax
      >>> train = Split(np.zeros((6, 2, 2, 1), np.uint8), np.array([0, 0, 0, 1, 1, 1]))
      >>> keys = jax.random.split(jax.random.key(0), 3)
      >>> draws = random_rows(keys, train, np.array([0, 1, 1]))
      >>> [train.labels[rows].tolist() for rows in draws]
      [[0, 1, 1], [0, 1, 1], [0, 1, 1]]
    """
    if labels.ndim == 1:
        counts = np.bincount(labels, minlength=int(train.labels.max()) + 1)
    else:
        groups = len(group_indices(train.labels, num_classes=labels.shape[1]))
        counts = len(labels) // groups + (np.arange(groups) < len(labels) % groups)
    ipc = at_most(train.labels, counts.tolist())
    return [random_subset(key, train.labels, ipc) for key in keys]


def compare_learner(
    name: str,
    ours: Split,
    draws: Sequence[Split],
    benchmark: Benchmark,
    *,
    num_classes: int,
    by: str,
) -> LearnerScores:
    """Scores a learner on a set and on random images, and compares the two.

    Args:
      name: see ``check_learners``.
      ours: the set: images float ``[n, h, w, c]`` in normalised space, with labels int ``[n]`` or
        rows ``[n, L]``, of which 0.5 or more is a finding.
      draws: sets of random images: uint8, or floats in normalised space.
      benchmark: the splits to score on, of which one is ``test``.
      num_classes: the number of classes or findings.
      by: the metric that is compared, higher is better.

    Returns:
      Both scores and their difference. A learner with random numbers trains on the set once for
      each draw, with the seed that it has for the draw, and its differences are paired.

    Raises:
      UserError: as ``score`` does.

    Example:
      >>> images = np.linspace(0, 1, 8, dtype=np.float32).reshape(8, 1, 1, 1)
      >>> real, labels = Split(images, np.arange(8) // 4), np.array([0, 1])
      >>> benchmark = Benchmark({"test": real}, None, "binary-class")
      >>> ours, bad = Split(images[[0, 7]], labels), Split(images[[0, 1]], labels)
      >>> found = compare_learner(
      ...     "knn", ours, [bad, bad], benchmark, num_classes=2, by="balanced_accuracy"
      ... )
      >>> found.difference
      Interval(mean=0.375, low=0.375, high=0.375, n=2)
    """
    times = len(draws) if name in _SEEDED else 1
    scores = _score(name, [ours] * times, benchmark, num_classes)
    random = _score(name, draws, benchmark, num_classes)
    reached, theirs = (one["test"][by]["values"] for one in (scores, random))
    difference = prediction_interval(np.subtract(reached, theirs))
    return LearnerScores(scores, random, difference)


def _score(name: str, sets: Sequence[Split], benchmark: Benchmark, num_classes: int) -> Scores:
    """Scores a learner that is trained on each set, with the place of the set as its seed."""
    stats = benchmark.stats
    models = [_train(name, seed, one, stats, num_classes) for seed, one in enumerate(sets)]

    def predict(split: Split) -> Prediction:
        starts = range(0, len(split), _IMAGES_PER_PIECE)
        pieces = (_flat(split.images[start : start + _IMAGES_PER_PIECE], stats) for start in starts)
        found = [[model(vectors) for model in models] for vectors in pieces]
        return Prediction(np.concatenate(found, axis=1), split.labels)

    val = None
    if "val" not in benchmark.splits and benchmark.val is not None:
        val = predict(benchmark.val)
    predictions = {split: predict(images) for split, images in benchmark.splits.items()}
    return score_predictions(predictions, task=benchmark.task, val=val)


def _flat(images: np.ndarray, stats: Stats | None) -> np.ndarray:
    """Returns normalised pixels ``[n, h · w · c]``."""
    if images.dtype == np.uint8:
        mean, std = (np.asarray(moment, np.float32) for moment in stats)
        images = (images / np.float32(255) - mean) / std
    return np.asarray(images, np.float32).reshape(len(images), -1)


def _train(name: str, seed: int, train: Split, stats: Stats | None, num_classes: int) -> _Model:
    """Returns a function from vectors to probabilities ``[n, C]``."""
    vectors, labels = _flat(train.images, stats), np.asarray(train.labels)
    if labels.ndim == 1:
        return _classifier(_LEARNERS[name](seed), vectors, labels, num_classes)
    findings = []
    for finding in labels.T:
        known = finding != IGNORED
        targets = (finding[known] >= THRESHOLD).astype(int)
        findings.append(_classifier(_LEARNERS[name](seed), vectors[known], targets, 2))
    return lambda inputs: np.stack([model(inputs)[:, 1] for model in findings], axis=-1)


def _classifier(model: Any, vectors: np.ndarray, targets: np.ndarray, num_classes: int) -> _Model:
    """Trains one; a class without images has no probability, and no images give equal ones."""
    seen = np.unique(targets)
    if len(seen) > 1:
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(vectors, targets)

    def predict(inputs: np.ndarray) -> np.ndarray:
        if not len(seen):
            return np.full((len(inputs), num_classes), 1 / num_classes)
        scores = np.zeros((len(inputs), num_classes))
        scores[:, seen] = model.predict_proba(inputs) if len(seen) > 1 else 1.0
        return scores

    return predict


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=_MOST_ITERATIONS)


def _nearest(seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=1)


def _mlp(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((_HIDDEN,), max_iter=_MOST_ITERATIONS, random_state=seed)


_LEARNERS: dict[str, Callable[[int], Any]] = {
    "logistic": _logistic,
    "knn": _nearest,
    "mlp": _mlp,
}
_SEEDED = ("mlp",)
