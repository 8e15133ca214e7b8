"""The part of an audit that takes further distillations: shadows and canaries."""

import dataclasses
import logging
from collections.abc import Sequence

import numpy as np

from medjax import training
from medjax.privacy.case.case import Case
from medjax.privacy.deep.attacks import lira_attacks, network_attacks
from medjax.privacy.deep.shadows import distil_shadows
from medjax.privacy.statistics.membership import Attack
from medjax.privacy.tracing import spaces

_log = logging.getLogger("medjax")
_OTHER_SEEDS = 1_000_003  # apart from the seeds 0, 1, 2 … that people use


def shadow_attacks(
    case: Case, made: Sequence[spaces.Space], *, own: Sequence[spaces.Space], shadows: int
) -> list[Attack]:
    """Distils shadows by other seeds and by the run's own, and tries LiRA and RMIA with both.

    Args:
      case: the case.
      made: the spaces that need no seed.
      own: spaces that the seed gives; they are tried with the seed known.
      shadows: shadows by other seeds, and as many by the run's own.

    Returns:
      The outcomes.
    """
    run, attacks = case.run, []
    kinds = {"other_seeds": ("", made), "own_seed": (spaces.SEED, [*made, *own])}
    for place, (name, (suffix, some)) in enumerate(kinds.items()):
        # An audit with fewer shadows takes the first of these halves.
        numbers = range(1 + place, 1 + len(kinds) * shadows, len(kinds))
        inside = np.stack([case.half(number) for number in numbers])
        seeds = [run.settings.seed] * shadows
        if not suffix:
            seeds = [(run.settings.seed + _OTHER_SEEDS + n) % 2**32 for n in numbers]
        _log.info("distils %d shadows, %s", shadows, name.replace("_", " "))
        found = distil_shadows(run, case.images, inside, case.folder / name, seeds=seeds)
        shadowed = found._replace(inside=found.inside[:, case.rows])
        attacks += lira_attacks(case.scene, some, shadowed, suffix=suffix)
        if run.has_classes:
            recipe, net = _recipe(case), run.net()
            attacks += network_attacks(case.scene, net, recipe, shadowed, suffix=suffix)
    return attacks


def _recipe(case: Case) -> training.Recipe:
    """Returns the recipe of the run, at the learning rate learned with the half if there is one."""
    known = {field.name for field in dataclasses.fields(training.Recipe)}
    given = case.run.summary.get("recipe") or {}
    recipe = training.Recipe(**{name: value for name, value in given.items() if name in known})
    learned = case.scene.target.step_size
    return recipe if learned is None else dataclasses.replace(recipe, learning_rate=float(learned))
