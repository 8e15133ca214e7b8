"""The training images that released ones started from, and what chance alone would match."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from medjax import data
from medjax.data.inspect.duplicates import digests
from medjax.methods.formation import at_patch_size
from medjax.privacy.case.finished import Finished
from medjax.privacy.case.start import NOISE, start_of
from medjax.privacy.copies.nearest import CopyTest, Nearest, nearest
from medjax.privacy.tracing.features import pixels

_REAL, _MIX = "real", "mix"
_MOST = 4000  # images of a class that are looked at as patches
_PERMUTATIONS = 10**5 - 1
_STEPS = 10  # of a natural logarithm
_KEY = 0x57A27
NAME = "synthetic images are nearest to the real image that they started from"


class Starts(NamedTuple):
    """What is known of the starts.

    Attributes:
      rows: int ``[s]``, the training image nearest to each start.
      labels: int ``[s]``, the class of each; ``None`` if classes do not tell which images they
        could have started from.
      groups: the rows of the training images of each class or finding.
      shown: int ``[n]``, the training image nearest to what a start shows of each of them; -1 where
        that was not looked at.
      first: int ``[n]``, the first training image that is the same byte for byte; in the others,
        images that are the same are this one.
      drawn: whether each start was drawn at random from its class, and not chosen.
    """

    rows: np.ndarray
    labels: np.ndarray | None
    groups: Sequence[np.ndarray]
    shown: np.ndarray
    first: np.ndarray
    drawn: bool


def starts_of(run: Finished) -> Starts | str | None:
    """Finds the training images that the released ones started from.

    Args:
      run: the run.

    Returns:
      The starts; why they are not known; or ``None`` if the run started from noise, or from nothing
      as a core-set.
    """
    init, factor = run.settings.distill.get("init", NOISE), run.settings.distill.get("factor", 1)
    if init == NOISE:
        return None
    if init != _MIX and factor > 1:
        return "a patch of the start is a part of a real image"
    began = start_of(run.settings)
    if began is None:
        return f"the experts of {run.settings.method} choose its start"
    if len(began) != len(run.released.labels):
        return "the start has another number of images"
    drawn, labels = init in (_REAL, _MIX), run.released.labels
    if not drawn and labels.ndim > 1:
        return "its images were chosen, and have no class of their own"
    train = run.dataset.train
    found = data.group_indices(train.labels, num_classes=run.dataset.num_classes)
    groups = [rows for rows in found if len(rows)]
    known = labels if labels.ndim == 1 and len(groups) == len(found) else None
    first = _firsts(train.images)
    rows, shown = first[_shown_by(began, train.images)], first
    if factor > 1:
        shown = _as_patches(train.images, groups, factor)
        shown = np.where(shown < 0, -1, first[shown])
    return Starts(rows, known, groups, shown, first, drawn)


def match_start(found: Nearest, starts: Starts, *, space: str) -> CopyTest:
    r"""Tests whether synthetic images are nearest to the real image that they started from.

    Say that image i of class c has the nearest training image f. If it does not depend on its
    start, which was drawn from the class, this start shows f with a probability of at most

    .. math:: q_i = k_f / (n_c - i),

    where :math:`k_f` of the :math:`n_c` images of the class show f as a start, and i counts the
    images of the class from 0, whose starts differ. The p-value is the probability that independent
    matches reach the same sum of :math:`-\log q_i`: so one in a large class tells more than one in
    a small class. Starts that were chosen are compared with those of the other images of their
    class, in random order.

    Args:
      found: the nearest training image of each synthetic one.
      starts: the starts.
      space: the features in which it is the nearest.

    Returns:
      The test.

    Example:
      >>> every = np.arange(100)
      >>> starts = Starts(np.array([4, 9]), np.zeros(2, int), [every], every, every, True)
      >>> test = match_start(Nearest(np.array([4, 7]), np.zeros(2)), starts, space="pixels")
      >>> test.found, test.of, round(test.expected, 4)
      (1, 2, 0.0201)
    """
    rows = starts.first[found.rows]
    matches = rows == starts.rows
    count = int(matches.sum())
    if starts.drawn:
        chances = _chances(rows, starts)
        expected, p_value = float(chances.sum()), _tail(chances, matches)
    else:
        expected, p_value = _shuffled(rows, starts, count)
    return CopyTest(NAME, space, count, len(rows), expected, p_value)


def _chances(found: np.ndarray, starts: Starts) -> np.ndarray:
    """Returns for each synthetic image the greatest probability of a match by chance."""
    ranks = np.zeros(len(found), int)
    if starts.labels is None:  # of any group; its images are about as many as those of others
        ranks[:] = len(found) // len(starts.groups)
        places = [range(len(starts.groups))] * len(found)
    else:
        for label in np.unique(starts.labels):
            mine = starts.labels == label
            ranks[mine] = np.arange(mine.sum())
        places = [[int(label)] for label in starts.labels]
    chances = []
    for row, rank, some in zip(found, ranks, places, strict=True):
        each = []
        for group in (starts.groups[place] for place in some):
            shown = starts.shown[group]
            looked, same = int((shown >= 0).sum()), int((shown == row).sum())
            # Of a part of the class, one more than was seen.
            share = same / looked if looked == len(group) else (same + 1) / (looked + 1)
            each.append(share * len(group) / max(len(group) - rank, 1))
        chances.append(min(max(each), 1.0))
    return np.array(chances)


def _tail(chances: np.ndarray, events: np.ndarray) -> float:
    """Returns the probability that independent events are together as unlikely, or more."""
    least = np.clip(chances, np.finfo(float).tiny, 1.0)  # 0 is of what cannot happen
    weights = np.rint(-_STEPS * np.log(least)).astype(int)
    law = np.ones(1)
    for chance, weight in zip(chances, weights, strict=True):
        moved = np.concatenate([np.zeros(weight), chance * law])
        law = np.concatenate([(1 - chance) * law, np.zeros(weight)]) + moved
    return float(min(law[weights[events].sum() :].sum(), 1.0))


def _shuffled(found: np.ndarray, starts: Starts, count: int) -> tuple[float, float]:
    """Returns the matches expected if starts are permuted in their class, and the p-value."""
    assert starts.labels is not None
    rng, matches = np.random.default_rng(_KEY), np.zeros(_PERMUTATIONS, int)
    for label in np.unique(starts.labels):
        mine = np.flatnonzero(starts.labels == label)
        same = found[mine][:, None] == starts.rows[mine]
        if same.any():
            order = rng.permuted(np.tile(np.arange(len(mine)), (_PERMUTATIONS, 1)), axis=1)
            matches += same[np.arange(len(mine)), order].sum(axis=1)
    p_value = (1 + int((matches >= count).sum())) / (1 + _PERMUTATIONS)
    return float(matches.mean()), p_value


def _shown_by(images: np.ndarray, train: np.ndarray) -> np.ndarray:
    return nearest(images, train, _as_is, pixels).rows


def _as_is(images: np.ndarray) -> np.ndarray:
    return np.float32(images) / np.float32(255)


def _firsts(images: np.ndarray) -> np.ndarray:
    """Returns the first image that is the same byte for byte, for each."""
    _, first, place = np.unique(digests(images), return_index=True, return_inverse=True)
    return np.asarray(first[place.reshape(-1)])


def _as_patches(images: np.ndarray, groups: Sequence[np.ndarray], factor: int) -> np.ndarray:
    """Returns the training image nearest to each at the size of patches, or -1."""
    rng, shown = np.random.default_rng(_KEY), np.full(len(images), -1)
    for group in groups:
        some = np.sort(rng.permutation(group)[:_MOST])
        reduced = at_patch_size(jnp.asarray(_as_is(images[some])), factor=factor)
        shown[some] = _shown_by(np.asarray(reduced), images)
    return shown
