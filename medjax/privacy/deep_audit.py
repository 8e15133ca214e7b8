"""The part of an audit that takes further distillations: shadows and canaries."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from medjax import data, training
from medjax.errors import UserError
from medjax.privacy import canaries, deep, spaces
from medjax.privacy.cases import Case
from medjax.privacy.evidence import Population
from medjax.privacy.finished import group_mask
from medjax.privacy.membership import Attack
from medjax.privacy.redistil import distilled
from medjax.privacy.shadows import distil_shadows

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
        numbers = range(1 + place * shadows, 1 + (place + 1) * shadows)
        inside = np.stack([case.half(number) for number in numbers])
        seeds = [run.settings.seed] * shadows
        if not suffix:
            seeds = [(run.settings.seed + _OTHER_SEEDS + n) % 2**32 for n in numbers]
        _log.info("distils %d shadows, %s", shadows, name.replace("_", " "))
        found = distil_shadows(run, case.images, inside, case.folder / name, seeds=seeds)
        shadowed = found._replace(inside=found.inside[:, case.rows])
        attacks += deep.lira_attacks(case.scene, some, shadowed, suffix=suffix)
        if deep.has_classes(run.dataset):
            recipe, net = _recipe(case), run.net()
            attacks += deep.network_attacks(case.scene, net, recipe, shadowed, suffix=suffix)
    return attacks


def _recipe(case: Case) -> training.Recipe:
    """Returns the recipe of the run, at the learning rate learned with the half if there is one."""
    known = {field.name for field in dataclasses.fields(training.Recipe)}
    given = case.run.summary.get("recipe") or {}
    recipe = training.Recipe(**{name: value for name, value in given.items() if name in known})
    learned = case.scene.target.step_size
    return recipe if learned is None else dataclasses.replace(recipe, learning_rate=float(learned))


def trace_canaries(
    case: Case, made: Sequence[spaces.Space]
) -> tuple[list[Attack], dict[str, Any], str]:
    """Distils the half again with canaries, and traces these.

    Args:
      case: the case.
      made: the spaces that need no seed.

    Returns:
      The outcome, bounds of ε by kind, and why there are none, if so.
    """
    run, others = case.run, np.flatnonzero(~case.inside)
    if not deep.has_classes(run.dataset):
        return [], {}, "findings can be combined, so that no label is wrong for sure"
    outside = data.Split(case.images.images[others], case.images.labels[others])
    first = made[0]
    features = first.make(case.scene.inputs(outside.images))
    distances = np.linalg.norm(features - first.centres[outside.labels], axis=1)
    try:
        planted = canaries.plant(run.settings.seed, outside, distances, size=int(case.inside.sum()))
    except UserError as error:
        return [], {}, str(error)
    added = planted.added()
    part = data.Split(
        np.concatenate([case.images.images[case.inside], added.images]),
        np.concatenate([case.images.labels[case.inside], added.labels]),
    )
    _log.info("distils the half with %d canaries", planted.included.sum())
    target = distilled(run, part, case.folder / "canaries")
    mask = group_mask(planted.split.labels, num_classes=run.dataset.num_classes)
    population = Population(mask, np.arange(len(mask)), 0, case.scene.population.names)
    scene = case.scene._replace(target=target, images=planted.split.images, population=population)
    placed = [spaces.moved(space, scene) for space in made]
    attacks, bounds = deep.canary_attacks(scene, placed, planted)
    return attacks, bounds, ""
