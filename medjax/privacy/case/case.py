"""The case of an audit: a run whose random half has been distilled again."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from medjax import data, store
from medjax.errors import UserError
from medjax.privacy.case import halves
from medjax.privacy.case.finished import Finished
from medjax.privacy.case.redistil import distilled
from medjax.privacy.statistics.evidence import Population
from medjax.privacy.tracing.inputs import group_mask
from medjax.privacy.tracing.spaces import Scene

_log = logging.getLogger("medjax")
NO_FINDING = "no finding"
_EACH = 20  # images of a patient, who may have thousands in one half and none in the other
Distil = Callable[[Finished, data.Split, Path], data.SharedSet]


class Case(NamedTuple):
    """A run whose random half has been distilled again.

    Attributes:
      run: the run.
      pool: the training images without copies.
      images: these images and their labels.
      inside: bool ``[n]``, the half that was distilled.
      rows: int ``[s]``, the images of the pool that attacks are tried on, members first.
      scene: what attacks see.
      folder: where distillations are written.
    """

    run: Finished
    pool: halves.Pool
    images: data.Split
    inside: np.ndarray
    rows: np.ndarray
    scene: Scene
    folder: Path

    def half(self, number: int) -> np.ndarray:
        """Returns another half of the pool; number 0 is the one that was distilled."""
        return halves.half(self.run.settings.seed, number, self.images.labels, self.pool.units)


def make_case(run: Finished, *, images: int, near: int, distil: Distil = distilled) -> Case:
    """Draws a half of a run's training images and distils it.

    Args:
      run: the run.
      images: members, and others, that attacks are tried on at most.
      near: the most bits in which perceptual hashes of near copies differ.
      distil: makes the synthetic images of ``(run, half, folder)``, as ``redistil.distilled``; a
        proof of the audit passes off others.

    Returns:
      The case.

    Raises:
      UserError: as ``redistil.distilled``.
    """
    pool, train = halves.pool(run.dataset, near=near), run.dataset.train
    kept = data.Split(train.images[pool.rows], train.labels[pool.rows])
    inside = halves.half(run.settings.seed, 0, kept.labels, pool.units)
    # Another half or another run has another folder, so that no distillation is taken for its.
    key = store.key_of({"run": run.digest, "near": near})[:8]
    folder = run.workdir / "audit" / key
    _log.info(
        "distils a random half of the training images again, %d of %d", inside.sum(), len(inside)
    )
    part = data.Split(kept.images[inside], kept.labels[inside])
    try:
        target = distil(run, part, folder / "half")
    except UserError as error:
        raise UserError(f"cannot distil a random half of the training images: {error}") from error
    rng = np.random.default_rng([run.settings.seed, 0x5C0])
    sides = [_some(rng, np.flatnonzero(x), pool.units, images) for x in (inside, ~inside)]
    rows = np.concatenate(sides)
    classes = run.dataset.num_classes
    mask = group_mask(kept.labels[rows], num_classes=classes)
    names = (*run.dataset.info.classes, NO_FINDING)[: mask.shape[1]]
    population = Population(mask, pool.units[rows], len(sides[0]), names)
    holdout = run.dataset.val if run.dataset.val is not None else run.dataset.test
    some = np.sort(rng.permutation(len(holdout))[:images])
    holdout = data.Split(holdout.images[some], holdout.labels[some])
    scene = Scene(target, kept.images[rows], population, holdout, classes)
    return Case(run, pool, kept, inside, rows, scene, folder)


def _some(rng: np.random.Generator, rows: np.ndarray, units: np.ndarray, most: int) -> np.ndarray:
    """Draws whole units, each with as many of its images on either side, up to a number of images.

    If the number of images alone were limited, those of a patient would be fewer on the side that
    has more, and scores of members and others would differ without a leak.
    """
    order = rng.permutation(rows)
    _, first, place = np.unique(units[order], return_index=True, return_inverse=True)
    by_unit = np.argsort(first[place], kind="stable")  # in the order of their first images
    began = first[place][by_unit]
    number = np.arange(len(order)) - np.searchsorted(began, began)  # within the unit
    kept, began = order[by_unit][number < _EACH], began[number < _EACH]
    cut = began[most] if len(kept) > most else len(order)
    whole: np.ndarray = kept[began < cut]
    return whole if len(whole) else kept[:most]
