"""How far predicted probabilities are from how often they come true; lower is better.

Both functions take probabilities as the metrics do: class labels ``[n]`` with a softmax
``[..., n, C]``, or label rows ``[n, L]`` with sigmoids ``[..., n, L]``. Unlike a ranking, they
change with the scale of the logits, so they tell nothing of scores that are no probabilities.
"""

import numpy as np

from medjax import errors
from medjax.evaluate import checks
from medjax.types import IGNORED


def expected_calibration_error(
    scores: np.ndarray, labels: np.ndarray, *, bins: int = 15
) -> np.ndarray:
    r"""Computes the expected calibration error (ECE) with bins of equal width.

    Bin ``b`` of ``B`` holds the images with a confidence in ``((b − 1)/B, b/B]``, the first bin
    also 0. ``ECE = Σ_b (n_b/n) |h_b − p_b|`` with the share ``h_b`` of predictions in the bin that
    come true and their mean confidence ``p_b``; empty bins count nothing.

    - Classes (two or more): the confidence is the probability of the predicted class, the one with
      the highest (the lowest class among equals), and it comes true if it is the image's class.
    - Findings: for each finding the confidence is its probability, and it comes true if the image
      has it; the result is the mean over the findings that are known for any image, each on the
      images for which it is known. All or none of the images may have the finding.

    It is positive even for a calibrated network, because each bin's share is of few images: compare
    values on the same images with the same number of bins.

    Args:
      scores: float ``[..., n, C]``, probabilities.
      labels: int ``[n]`` in ``0 … C-1``; or rows ``[n, C]`` of zeros and ones, or ignored.
      bins: the number of bins ``B``.

    Returns:
      float64 ``[...]`` in 0–1.

    Raises:
      UserError: if the labels do not fit, scores are not probabilities, or there is no bin.

    Example:
      >>> scores = np.array([[0.2, 0.8], [0.2, 0.8], [0.2, 0.8], [0.2, 0.8]])
      >>> float(expected_calibration_error(scores, np.array([1, 1, 0, 0])).round(3))
      0.3

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015; Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML
    2017.
    """
    if bins < 1:
        raise errors.UserError(f"bins must be at least 1, got {bins}")
    scores, labels = _checked(scores, labels)
    if labels.ndim == 1:
        return _gap(scores.max(-1), scores.argmax(-1) == labels, bins)
    known = ((i, np.flatnonzero(finding != IGNORED)) for i, finding in enumerate(labels.T))
    gaps = [
        _gap(scores[..., rows, i], labels[rows, i] == 1, bins) for i, rows in known if len(rows)
    ]
    return np.mean(gaps, axis=0)


def brier(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    r"""Computes the Brier score, the mean squared error of probabilities.

    - Two classes: the mean of ``(p₁ − y)²`` with the probability ``p₁`` of class 1, in 0–1.
    - More classes: the mean of ``Σ_c (p_c − [y = c])²``, Brier's own sum, in 0–2.
    - Findings: the mean of ``(p − y)²`` over the known images of a finding, then the mean over the
      findings that are known for any image, in 0–1.

    It is a proper score: no other probabilities than the true ones have a lower expected value. It
    falls with a better ranking as well as with a better calibration.

    Args:
      scores: float ``[..., n, C]``, probabilities.
      labels: int ``[n]`` in ``0 … C-1``; or rows ``[n, C]`` of zeros and ones, or ignored.

    Returns:
      float64 ``[...]``. Guessing 0.5 gives 0.25 for two classes and for findings; equal
      probabilities of ``C > 2`` classes give ``1 − 1/C``.

    Raises:
      UserError: if the labels do not fit, or scores are not probabilities.

    Example:
      >>> float(brier(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 1])))
      0.125

    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78,
    1950.
    """
    scores, labels = _checked(scores, labels)
    if labels.ndim == 2:
        known = labels != IGNORED
        squares = np.where(known, (scores - labels) ** 2, 0.0).sum(-2)
        counts = known.sum(0)
        return np.mean(squares[..., counts > 0] / counts[counts > 0], axis=-1)
    if scores.shape[-1] == 2:
        return np.mean((scores[..., 1] - labels) ** 2, axis=-1)
    return np.mean(np.sum((scores - np.eye(scores.shape[-1])[labels]) ** 2, axis=-1), axis=-1)


def _gap(confidence: np.ndarray, true: np.ndarray, bins: int) -> np.ndarray:
    """Returns the ECE ``[...]`` of confidences ``[..., n]`` that came true or not."""
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    excess = true - confidence
    sums = [np.where(bin_of == b, excess, 0.0).sum(-1) for b in range(bins)]
    return np.abs(sums).sum(0) / confidence.shape[-1]


def _checked(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns probabilities in float64 and labels that fit them, or raises ``UserError``."""
    check = checks.label_rows if np.ndim(labels) == 2 else checks.class_labels
    scores, labels = check(scores, labels)
    scores = scores.astype(np.float64)
    checks.require_probabilities(scores)
    if labels.ndim == 1 and np.abs(scores.sum(-1) - 1).max() > checks.ROUNDING:
        raise errors.UserError("probabilities of classes must sum to 1")
    return scores, labels
