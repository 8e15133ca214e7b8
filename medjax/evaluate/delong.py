"""The spread of an AUROC over test images, by DeLong's method, and intervals from it.

These intervals are over the images of one test set, for networks that are given. They say nothing
of other distilled sets or networks: for those there is ``intervals.two_level``.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy import special

from medjax.evaluate import checks
from medjax.evaluate.intervals import Interval, upper_tail

_ROUNDING = 1e-12  # of sums in another order


class AreaSample(NamedTuple):
    """An area under the ROC curve, and what each image adds to its error.

    Attributes:
      area: the AUROC, the mean over networks and over classes or findings.
      parts: float64 ``[n]``, the part of each image in the error of ``area``. Their squares sum to
        the variance of the area, and their products with those of another area of the same
        images to the covariance. NaN if the spread cannot be estimated, because only one image has
        a class or a finding, or lacks it.
    """

    area: float
    parts: np.ndarray

    @property
    def variance(self) -> float:
        """The variance of the area over draws of the test images."""
        return float(np.sum(self.parts**2))


def area_sample(scores: np.ndarray, labels: np.ndarray) -> AreaSample:
    r"""Computes the AUROC as ``auroc`` and ``label_auroc`` do, with the part of each image.

    With ``m`` positives ``x`` and ``n`` negatives ``y``, the area is the mean of
    ``ψ(x, y) = [y < x] + [y = x]/2`` over all pairs. DeLong's structural components are
    ``V(x) = mean_y ψ(x, y)`` and ``V(y) = mean_x ψ(x, y)``, and
    ``var A = Σ_x (V(x) − A)² / (m (m − 1)) + Σ_y (V(y) − A)² / (n (n − 1))``. So the part of a
    positive is ``(V(x) − A)/√(m (m − 1))`` and that of a negative ``(V(y) − A)/√(n (n − 1))``. Sun
    and Xu get all ``V`` from midranks by sorting: a midrank among all images less that among its
    own kind counts the other kind below, with ties as halves.

    A mean of areas (over classes, each against the rest; over findings; over networks) has the mean
    of their parts: this contains every covariance, because the sum of squares of a mean of parts is
    the mean of all sums of products. An image for which a finding is not known has no part in it.

    Args:
      scores: float ``[..., n, C]``; leading axes are networks, whose mean is taken. They should be
        probabilities, see ``auroc`` and ``probabilities``.
      labels: int ``[n]`` in ``0 … C-1``; or rows ``[n, C]`` of zeros and ones, or ignored. As in
        the metrics, a class that is absent and a finding that all or none of the images have are
        skipped.

    Returns:
      The area and the parts.

    Raises:
      UserError: as ``auroc`` and ``label_auroc`` do.

    Example:
      >>> scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
      >>> sample = area_sample(scores, np.array([0, 0, 1, 1]))
      >>> sample.area, round(sample.variance, 3)
      (0.5, 0.25)

    DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver
    operating characteristic curves: a nonparametric approach", Biometrics 44, 1988; Sun and Xu,
    "Fast implementation of DeLong's algorithm for comparing the areas under correlated receiver
    operating characteristic curves", IEEE Signal Processing Letters 21, 2014.
    """
    labels = np.asarray(labels)
    if labels.ndim == 2:
        scores, labels = checks.label_rows(scores, labels)
        divided = checks.divided_findings(labels)
        curves = [(i, rows, labels[rows, i] == 1) for i, rows in divided]
    else:
        scores, labels = checks.class_labels(scores, labels)
        classes, rows = checks.ranked_classes(scores, labels), np.arange(len(labels))
        curves = [(c, rows, labels == c) for c in classes]
    flat = scores.reshape(-1, *scores.shape[-2:])
    total, parts, count = 0.0, np.zeros(len(labels)), len(flat) * len(curves)
    for column, rows, positive in curves:
        for one in flat:
            area, own = _curve(one[rows, column], positive)
            total += area
            parts[rows] += own
    return AreaSample(total / count, parts / count)


def auroc_interval(scores: np.ndarray, labels: np.ndarray, *, confidence: float = 0.95) -> Interval:
    r"""Computes the AUROC and its interval over test images.

    The interval is ``logit A ± z √(var A) / (A (1 − A))``, mapped back to 0–1. On the scale of the
    logit, the distribution of an area near 1 is less skewed, the interval stays inside 0–1, and it
    covers better than ``A ± z √(var A)`` for few images or high areas.

    Args:
      scores: float ``[..., n, C]``, as in ``area_sample``; the mean over networks is taken.
      labels: int ``[n]``, or rows ``[n, C]``.
      confidence: share of such intervals that contain the area of a large test set.

    Returns:
      The interval, with ``n`` images. ``low`` and ``high`` are NaN where the images cannot tell:
      an area of 0 or 1, whose variance is estimated as 0; networks that rank nothing; a single
      image with or without a class or a finding.

    Raises:
      UserError: as ``area_sample`` does, or if the confidence is not between 0 and 1.

    Example:
      >>> positive = np.array([0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9])
      >>> scores = np.stack([1 - positive, positive], axis=-1)
      >>> interval = auroc_interval(scores, np.array([0, 0, 0, 0, 1, 1, 1, 1]))
      >>> print(f"{interval.mean:.3f} ({interval.low:.3f} to {interval.high:.3f})")
      0.938 (0.438 to 0.997)

    Qin and Hotilovac, "Comparison of non-parametric confidence intervals for the area under the ROC
    curve of a continuous-scale diagnostic test", Statistical Methods in Medical Research 17, 2008.
    """
    z, (area, parts) = special.ndtri(upper_tail(confidence)), area_sample(scores, labels)
    std = math.sqrt(np.sum(parts**2))
    if not (std > 0 and 0 < area < 1):
        return Interval(area, math.nan, math.nan, len(parts))
    centre, half = special.logit(area), z * std / (area * (1 - area))
    low, high = (float(special.expit(centre + side)) for side in (-half, half))
    return Interval(area, low, high, len(parts))


def auroc_difference(
    ours: np.ndarray, theirs: np.ndarray, labels: np.ndarray, *, confidence: float = 0.95
) -> Interval:
    """Computes the difference of two AUROCs on the same images, and its interval over images.

    Both classifiers find the same images hard, so their areas are correlated: the variance is
    ``var A + var B − 2 cov(A, B)``, the sum of the squared differences of their parts. The interval
    is ``A − B ± z`` standard deviations.

    Args:
      ours: float ``[..., n, C]``, as in ``area_sample``; the mean over networks is taken.
      theirs: float ``[..., n, C]`` for the same images; the number of networks may differ.
      labels: int ``[n]``, or rows ``[n, C]``.
      confidence: share of such intervals that contain the difference on a large test set.

    Returns:
      The interval of ``ours − theirs``, for ``verdict``. ``low`` and ``high`` are NaN if the
      variance cannot be estimated or is 0, as of two classifiers that rank all images alike.

    Raises:
      UserError: as ``area_sample`` does, or if the confidence is not between 0 and 1.

    Example:
      >>> rng = np.random.default_rng(0)
      >>> labels = np.arange(200) % 2
      >>> good, bad = (rng.normal(size=(200, 2)) + k * np.eye(2)[labels] for k in (3, 1))
      >>> interval = auroc_difference(good, bad, labels)
      >>> print(f"{interval.mean:.2f} ({interval.low:.2f} to {interval.high:.2f})")
      0.21 (0.15 to 0.28)

    DeLong, DeLong and Clarke-Pearson, 1988, as for ``area_sample``.
    """
    z = special.ndtri(upper_tail(confidence))
    ours, theirs = area_sample(ours, labels), area_sample(theirs, labels)
    mean = ours.area - theirs.area
    std = math.sqrt(np.sum((ours.parts - theirs.parts) ** 2))
    half = float(z) * std if std > _ROUNDING else math.nan
    return Interval(mean, mean - half, mean + half, len(ours.parts))


def _curve(scores: np.ndarray, positive: np.ndarray) -> tuple[float, np.ndarray]:
    """Returns the area of one curve and the parts ``[n]`` of its images."""
    above, below = np.sort(scores[positive]), np.sort(scores[~positive])
    components = np.empty(len(scores))
    components[positive] = _share_below(scores[positive], below)
    components[~positive] = 1 - _share_below(scores[~positive], above)
    area = float(components[positive].mean())
    sizes = np.where(positive, len(above), len(below))
    with np.errstate(invalid="ignore", divide="ignore"):  # 0/0 for a kind with a single image
        parts = (components - area) / np.sqrt(sizes * (sizes - 1))
    return area, np.where(sizes > 1, parts, np.nan)


def _share_below(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the share of sorted others below each score, ties counting half."""
    below = np.searchsorted(others, scores, side="left")
    not_above = np.searchsorted(others, scores, side="right")
    return (below + not_above) / (2 * len(others))
