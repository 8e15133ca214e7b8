"""Checks that scores and labels fit together, shared by all metrics."""

import numpy as np

from medjax import errors
from medjax.types import IGNORED

ROUNDING = 1e-4
"""Probabilities of a float32 softmax sum to one within this."""


def class_labels(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns scores ``[..., n, C]`` and labels ``[n]`` as numpy arrays that fit together.

    Raises:
      UserError: if the labels are multi-label, out of range, or differ in number from the scores.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if labels.ndim != 1:
        raise errors.UserError(f"labels must be [n] for this metric, got {list(labels.shape)}")
    if scores.ndim < 2 or scores.shape[-2] != len(labels):
        raise errors.UserError(
            f"{len(labels)} labels do not fit scores of shape {list(scores.shape)}"
        )
    if not len(labels):
        raise errors.UserError("there are no images to score")
    low, high, last = labels.min(), labels.max(), scores.shape[-1] - 1
    if low < 0 or high > last:
        raise errors.UserError(
            f"labels must lie between 0 and {last}, but range from {low} to {high}"
        )
    return scores, labels


def ranked_classes(scores: np.ndarray, labels: np.ndarray) -> list[int]:
    """Returns the classes whose areas under the ROC curve are averaged.

    Args:
      scores: float ``[..., n, C]`` that ``class_labels`` has checked.
      labels: int ``[n]``.

    Returns:
      Class 1 of two; else every class that is present.

    Raises:
      UserError: if all labels are one class, which has no area.
    """
    present = [int(c) for c in np.unique(labels)]
    if len(present) == 1:
        raise errors.UserError(
            f"AUROC needs labels of at least two classes; all {len(labels)} labels are {present[0]}"
        )
    return [1] if scores.shape[-1] == 2 else present


def label_rows(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns scores ``[..., n, L]`` and label rows ``[n, L]`` as numpy arrays that fit together.

    Raises:
      UserError: if shapes differ, or labels are not zeros and ones or all ignored.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if labels.ndim != 2 or scores.ndim < 2 or scores.shape[-2:] != labels.shape:
        fit = f"{list(labels.shape)} do not fit scores of shape {list(scores.shape)}"
        raise errors.UserError(f"label rows of shape {fit}")
    if not len(labels):
        raise errors.UserError("there are no images to score")
    if not np.isin(labels, (0, 1, IGNORED)).all():
        raise errors.UserError(
            f"label rows to score on must be zeros and ones, or {IGNORED} where a label is ignored"
        )
    if (labels == IGNORED).all():
        raise errors.UserError("all labels to score on are ignored")
    return scores, labels


def divided_findings(labels: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Returns each finding that some images have and others lack, with its known rows.

    Args:
      labels: label rows ``[n, L]`` that ``label_rows`` has checked.

    Returns:
      Pairs of a finding's column and the indices ``[m]`` of the images for which it is known.

    Raises:
      UserError: if there is no such finding.
    """
    known = [(i, np.flatnonzero(finding != IGNORED)) for i, finding in enumerate(labels.T)]
    divided = [(i, rows) for i, rows in known if 0 < (labels[rows, i] == 1).sum() < len(rows)]
    if not divided:
        raise errors.UserError("there is no finding that some images have and others lack")
    return divided


def require_probabilities(scores: np.ndarray) -> None:
    """Checks that scores are probabilities.

    Raises:
      UserError: if one is below 0 or above 1, but for the rounding of a float32 softmax.
    """
    if not ((scores >= 0) & (scores <= 1 + ROUNDING)).all():
        raise errors.UserError("scores must be probabilities between 0 and 1, not logits")
