"""The threshold of a probability, chosen on val, and balanced accuracy at it."""

import numpy as np

from medjax import errors
from medjax.evaluate import checks
from medjax.evaluate.multilabel import THRESHOLD


def choose_threshold(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    r"""Chooses the threshold ``t`` that maximises balanced accuracy on val.

    An image is positive if its probability is above ``t``. Balanced accuracy
    ``(sensitivity(t) + specificity(t))/2`` is Youden's index scaled to 0–1; it is constant between
    adjacent probabilities that occur. The result is the middle of the interval where it is highest;
    of several such intervals, that whose middle is nearest to 0.5 (the lower one at equal
    distances). The ends of the outer intervals are 0 and 1.

    A network ranks images better than it knows at which probability the classes part, above all if
    it was trained on few images or in other proportions. A set without val has no threshold but
    0.5, that of ``balanced_accuracy`` and ``label_balanced_accuracy``.

    Args:
      scores: float ``[..., n, 2]``, probabilities of two classes on val; or ``[..., n, L]`` of
        findings.
      labels: int ``[n]``, 0 or 1; or rows ``[n, L]`` of zeros and ones, or ignored.

    Returns:
      float64 ``[...]`` for two classes, ``[..., L]`` for findings: a threshold for each network. It
      is 0.5 if all or none of val's known images are positive, so that nothing can be chosen.

    Raises:
      UserError: if the labels do not fit, or there are more than two classes, which one threshold
        does not divide.

    Example:
      >>> positive = np.array([0.1, 0.2, 0.3, 0.4])
      >>> scores = np.stack([1 - positive, positive], axis=-1)
      >>> float(choose_threshold(scores, np.array([0, 0, 1, 1])))
      0.25

    Youden, "Index for rating diagnostic tests", Cancer 3, 1950.
    """
    scores, labels, several = _positive(scores, labels)
    flat = scores.reshape(-1, *scores.shape[-2:])
    found = [[_best(one[:, i], labels[:, i]) for i in range(labels.shape[1])] for one in flat]
    thresholds = np.array(found).reshape(*scores.shape[:-2], labels.shape[1])
    return thresholds if several else thresholds[..., 0]


def balanced_accuracy_at(
    scores: np.ndarray, labels: np.ndarray, threshold: np.ndarray
) -> np.ndarray:
    """Computes balanced accuracy where an image is positive above a threshold.

    At 0.5, this is ``balanced_accuracy`` or ``label_balanced_accuracy``.

    Args:
      scores: float ``[..., n, 2]``, probabilities of two classes; or ``[..., n, L]`` of findings.
      labels: int ``[n]``, 0 or 1; or rows ``[n, L]`` of zeros and ones, or ignored.
      threshold: float ``[...]``, or ``[..., L]`` for findings, as from ``choose_threshold``; a
        number serves all.

    Returns:
      float64 ``[...]`` in 0–1: the mean recall of the classes that are present; for findings, the
      mean over those that some known images have and others lack.

    Raises:
      UserError: if the labels do not fit, there are more than two classes, or no finding divides
        the images.

    Example:
      >>> positive = np.array([0.1, 0.2, 0.3, 0.4])
      >>> scores = np.stack([1 - positive, positive], axis=-1)
      >>> labels = np.array([0, 0, 1, 1])
      >>> [float(balanced_accuracy_at(scores, labels, t)) for t in (0.5, 0.25)]
      [0.5, 1.0]
    """
    scores, labels, several = _positive(scores, labels)
    threshold = np.asarray(threshold, np.float64)
    if not several:
        threshold = threshold[..., None]
    shape = (*scores.shape[:-2], labels.shape[1])
    above = scores > np.broadcast_to(threshold, shape)[..., None, :]
    columns = [i for i, _ in checks.divided_findings(labels)] if several else [0]
    return np.mean([_mean_recall(above[..., i], labels[:, i]) for i in columns], axis=0)


def _mean_recall(above: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the mean recall ``[...]`` of predictions ``[..., n]`` over the values 0 and 1."""
    present = [value for value in (0, 1) if (labels == value).any()]
    return np.mean([(above[..., labels == k] == k).mean(-1) for k in present], axis=0)


def _best(scores: np.ndarray, labels: np.ndarray) -> float:
    """Returns the threshold for the probabilities ``[n]`` of one network and one finding."""
    negatives, positives = (np.sort(scores[labels == value]) for value in (0, 1))
    if not (len(negatives) and len(positives)):
        return THRESHOLD
    # Interval k is [edges[k], edges[k + 1]); the last one contains 1.
    edges = np.unique([0.0, *negatives, *positives])
    hits = len(positives) - np.searchsorted(positives, edges, side="right")
    rejected = np.searchsorted(negatives, edges, side="right")
    # In whole numbers, so that equal balanced accuracies are equal.
    worth = hits * len(negatives) + rejected * len(positives)
    best = np.flatnonzero(worth == worth.max())
    ends = np.append(edges[1:], 1.0)
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    middles = [_middle(edges[run[0]], ends[run[-1]]) for run in runs]
    return min(middles, key=lambda middle: abs(middle - THRESHOLD))


def _middle(low: float, end: float) -> float:
    middle = float(low + end) / 2
    return middle if middle < end else float(low)  # no number lies between neighbouring ones


def _positive(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Returns probabilities ``[..., n, L]``, rows ``[n, L]``, and whether those are findings."""
    if np.ndim(labels) == 2:
        scores, labels = checks.label_rows(scores, labels)
        checks.require_probabilities(scores)
        return scores, labels, True
    scores, labels = checks.class_labels(scores, labels)
    checks.require_probabilities(scores)
    if scores.shape[-1] != 2:
        raise errors.UserError(
            f"a threshold divides two classes, not {scores.shape[-1]}; use balanced_accuracy"
        )
    return scores[..., 1:], labels[:, None], False
