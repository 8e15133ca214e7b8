"""Asks how well the classes are told by the way pictures were made, without their content."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy import special

from medjax.data.inspect.acquisition import FACTS

ACQUISITION = ("size", "aspect", "padding", "colour", "border")
"""The facts that a class should not depend on."""
INTENSITY = "mean grey"
"""A fact that may be a sign of the class, as consolidated lungs are bright."""
CHANCE = 0.5
"""The area under the ROC curve without any skill."""
_FOLDS, _BINS, _PER_BIN = 5, 8, 10
_LEAST, _MOST_UNITS = 5, 10_000
_ERROR = 0.05
_HALVINGS = 40
_LEAST_WITH_TRAIT, _NEARLY_ALL, _RARE = 10, 0.95, 0.001
# Simulated: near chance, a cross-validated area varies by a third more than that of fixed scores.
_VARIES = 4 / 3


class Told(NamedTuple):
    """How well the facts tell one class from the others on held-out pictures.

    Attributes:
      label: the class, or the column of a multi-label set, that is told best.
      auroc: area under the ROC curve of all facts together; 0.5 is chance.
      low: lower end of its 95 % interval, which holds for all classes at once.
      high: upper end.
      by_fact: the area of each fact alone.
    """

    label: int
    auroc: float
    low: float
    high: float
    by_fact: dict[str, float]


def tell_classes(
    facts: np.ndarray, labels: np.ndarray, groups: np.ndarray, *, with_mean: bool
) -> Told | None:
    r"""Scores a classifier on facts by cross-validation, and returns the class that is told best.

    Pictures of one group and class, such as a patient's, become one with the mean of their facts,
    because they share how they were made. A fact has up to eight bins with equal numbers of
    training pictures; the score of a picture for a class is naive Bayes'
    :math:`\sum_f \log p(b_f \mid class) - \log p(b_f \mid others)`, from the folds without its
    group. The grey of the edge is a fact only where the edge is of one value: elsewhere it is as
    bright as the content. The interval of the area is Newcombe's ("Confidence intervals for an
    effect size measure based on the Mann–Whitney statistic, part 2", 2006, method 5), with
    Bonferroni's correction. At most 3 of 100 simulated sets without a shortcut were warned of.

    Args:
      facts: ``[n, 8]`` from ``measure_pictures``.
      labels: class numbers ``[n]``, or zeros and ones ``[n, L]``; other entries are not known.
      groups: int ``[n]``; pictures of one group, such as a patient, are in one fold.
      with_mean: whether the mean grey value is a fact too.

    Returns:
      The class with the highest lower end, or None if there are too few groups of each class.

    Example:
      >>> facts = np.zeros((40, 8))
      >>> facts[:, :2] = 64
      >>> facts[:20, 2] = 0.25
      >>> labels = np.arange(40) // 20
      >>> told = tell_classes(facts, labels, np.arange(40), with_mean=False)
      >>> told.auroc, max(told.by_fact, key=told.by_fact.get)
      (1.0, 'padding')
    """
    names = (*ACQUISITION, INTENSITY) if with_mean else ACQUISITION
    columns, marks, fold = _units(_columns(facts)[:, : len(names)], _marks(labels), groups)
    scores = np.stack([_held_out(column, marks, fold) for column in columns.T])
    least = np.minimum((marks == 1).sum(axis=0), (marks == 0).sum(axis=0))
    tested = np.flatnonzero(least >= _LEAST)
    found = []
    for label in tested:
        known = np.isin(marks[:, label], (0, 1))
        is_label, here = marks[known, label] == 1, scores[:, known, label]
        area = _area(here.sum(axis=0), is_label)
        low, high = _interval(area, is_label, error=_ERROR / len(tested))
        alone = [_area(score, is_label) for score in here]
        place = int(label) if labels.ndim == 2 or marks.shape[1] > 1 else 1
        found.append(Told(place, area, low, high, dict(zip(names, alone, strict=True))))
    return max(found, key=lambda told: told.low, default=None)


class OneSided(NamedTuple):
    """A class with nearly all pictures that have a trait.

    Attributes:
      label: the class, or the column of a multi-label set.
      images: its groups of pictures with the trait.
      of: all groups of pictures with the trait.
    """

    label: int
    images: int
    of: int


def one_sided(traits: np.ndarray, marks: np.ndarray, groups: np.ndarray) -> OneSided | None:
    """Finds a class with nearly all pictures that have a trait, even if these are few.

    Args:
      traits: bool ``[n]``, such as whether a picture is coloured.
      marks: zeros and ones ``[n, classes]``.
      groups: int ``[n]``; pictures of one group count once.

    Returns:
      The class; None if fewer than ten groups have the trait, fewer than 95 % of these are in one
      class, or chance would do this in one of a thousand sets.

    Example:
      >>> marks = np.eye(2, dtype=int)[np.arange(60) // 30]
      >>> one_sided(np.arange(60) < 12, marks, np.arange(60))
      OneSided(label=0, images=12, of=12)
    """
    _, first = np.unique(groups[traits], return_index=True)
    if len(first) < _LEAST_WITH_TRAIT:
        return None
    counts, total = (marks[traits][first] == 1).sum(axis=0), len(first)
    label = int(np.argmax(counts))
    if counts[label] < _NEARLY_ALL * total:
        return None
    share = (marks[np.unique(groups, return_index=True)[1]] == 1).mean(axis=0)
    chance = special.bdtrc(counts[label] - 1, total, share[label])
    return OneSided(label, int(counts[label]), total) if chance < _RARE else None


def _columns(facts: np.ndarray) -> np.ndarray:
    """Returns a column for each of ``ACQUISITION`` and ``INTENSITY``."""
    named = dict(zip(FACTS, np.asarray(facts, np.float64).T, strict=True))
    height, width = named["height"], named["width"]
    # An edge that is part of the content shares the brightness of the rest.
    border = np.where(named["plain"] > 0, named["border"], -1)
    rest = named["padding"], named["coloured"], border, named["mean"]
    return np.stack([np.log(height * width), np.log(width / height), *rest], axis=1)


def _marks(labels: np.ndarray) -> np.ndarray:
    """Returns label rows ``[n, classes]``; one column for two classes."""
    if labels.ndim == 2:
        return labels.astype(float)
    marks = np.eye(int(labels.max(initial=0)) + 1)[labels]
    return marks[:, 1:] if marks.shape[1] == 2 else marks


def _units(
    columns: np.ndarray, marks: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the mean facts, the labels and the fold of each group and class."""
    keys, which = np.unique(np.column_stack([groups, marks]), axis=0, return_inverse=True)
    counts = np.bincount(which.ravel(), minlength=len(keys))
    sums = [np.bincount(which.ravel(), column, len(keys)) for column in columns.T]
    means, group = np.stack(sums, axis=1) / counts[:, None], keys[:, 0]
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.permutation(len(keys))[:_MOST_UNITS])
    _, group = np.unique(group[chosen], return_inverse=True)
    fold = (rng.permutation(int(group.max(initial=-1)) + 1) % _FOLDS)[group]
    return means[chosen], keys[chosen, 1:], fold


def _held_out(column: np.ndarray, marks: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Returns the log ratio ``[n, classes]`` of a fact, from the other folds."""
    scores = np.zeros(marks.shape)
    for held in range(_FOLDS):
        fit = fold != held
        if not fit.any():
            continue
        edges = _edges(column[fit], int(np.clip(fit.sum() // _PER_BIN, 2, _BINS)))
        place = np.searchsorted(edges, column, side="right")
        one = np.eye(len(edges) + 1)[place[fit]]
        counts = [(marks[fit] == value).T @ one + 1 for value in (1, 0)]
        logs = [np.log(count / count.sum(axis=1, keepdims=True)) for count in counts]
        scores[~fit] = (logs[0] - logs[1])[:, place[~fit]].T
    return scores


def _edges(values: np.ndarray, bins: int) -> np.ndarray:
    """Returns the least value of each bin but the first; a frequent value has a bin of its own."""
    found, counts = np.unique(values, return_counts=True)
    cuts = np.quantile(values, np.arange(1, bins) / bins, method="higher")
    starts = np.searchsorted(found, cuts)
    starts = np.union1d(starts, starts[counts[starts] * 2 * bins >= len(values)] + 1)
    return found[starts[(starts > 0) & (starts < len(found))]]


def _area(score: np.ndarray, is_label: np.ndarray) -> float:
    """Returns the area under the ROC curve; ties count half."""
    _, place = np.unique(score, return_inverse=True)
    ones, zeros = (np.bincount(place[x], minlength=len(score)) for x in (is_label, ~is_label))
    below = np.cumsum(zeros) - zeros / 2
    return float((ones * below).sum() / (ones.sum() * zeros.sum()))


def _interval(area: float, is_label: np.ndarray, *, error: float) -> tuple[float, float]:
    """Returns the ends of the interval of an area."""
    ones, zeros = is_label.sum(), (~is_label).sum()
    z = _VARIES * NormalDist().inv_cdf(1 - error / 2)

    def end(outside: float) -> float:
        inside = area
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            spread = (1 - middle) / (2 - middle) + middle / (1 + middle)
            spread = 1 + ((ones + zeros) / 2 - 1) * spread
            reach = z * (middle * (1 - middle) * spread / (ones * zeros)) ** 0.5
            inside, outside = (middle, outside) if abs(middle - area) <= reach else (inside, middle)
        return float(inside)

    return end(0.0), end(1.0)
