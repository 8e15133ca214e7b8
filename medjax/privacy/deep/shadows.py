"""Shadow distillations: of random halves of the same images, with the config of the run."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from medjax import data
from medjax.privacy.case.finished import Finished
from medjax.privacy.case.redistil import distilled
from medjax.privacy.deep import together

_log = logging.getLogger("medjax")


class Shadows(NamedTuple):
    """Shadow distillations.

    Attributes:
      sets: their images.
      inside: bool ``[k, n]``, which of n images each was made with.
    """

    sets: Sequence[data.SharedSet]
    inside: np.ndarray


def distil_shadows(
    run: Finished, images: data.Split, inside: np.ndarray, folder: Path, *, seeds: Sequence[int]
) -> Shadows:
    """Distils each half, or resumes or reads these distillations.

    Shadows of DM and auto are made by one program, vectorised on a GPU or TPU, and those of other
    methods one after another.

    Args:
      run: the run that is audited.
      images: the images that halves are drawn from.
      inside: bool ``[k, n]``, the halves.
      folder: where the distillations are written.
      seeds: the seed of each. With equal ones, they share their networks and their noise.

    Returns:
      The shadows.

    Raises:
      UserError: as ``redistil.distilled``.
      RunError: likewise.
    """
    if _are_together(run):
        return Shadows(together.distil(run, images, inside, folder, seeds=seeds), inside)
    sets = []
    for number, (rows, seed) in enumerate(zip(inside, seeds, strict=True), 1):
        _log.info("shadow distillation %d of %d", number, len(inside))
        part = data.Split(images.images[rows], images.labels[rows])
        sets.append(distilled(run, part, folder / together.name_of(rows, seed), seed=seed))
    return Shadows(sets, inside)


def _are_together(run: Finished) -> bool:
    in_memory = not isinstance(run.dataset.train.images, np.memmap)
    alone = run.settings.method in together.METHODS and jax.process_count() == 1
    return alone and in_memory and run.settings.data.prepare.zca == "none"
