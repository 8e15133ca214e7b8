"""The attacks on canaries in a distillation that was made with half of them."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from medjax import data
from medjax.errors import UserError
from medjax.privacy.canaries.bounds import epsilon_bounds
from medjax.privacy.canaries.planting import KINDS, Canaries, plant
from medjax.privacy.case.case import Case
from medjax.privacy.case.redistil import distilled
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.evidence import Population
from medjax.privacy.statistics.membership import Attack, measure
from medjax.privacy.statistics.scores import moments
from medjax.privacy.tracing.inputs import group_mask
from medjax.privacy.tracing.spaces import Scene, Space, moved

CANARIES = "canaries"
"""The name of the attack, which is on planted images and not on members."""
_log = logging.getLogger("medjax")


def trace_canaries(case: Case, made: Sequence[Space]) -> tuple[list[Attack], dict[str, Any], str]:
    """Distils the half again with canaries, and traces these.

    Args:
      case: the case.
      made: the spaces that need no seed.

    Returns:
      The outcome, bounds of ε by kind, and why there are none, if so.
    """
    run, others = case.run, np.flatnonzero(~case.inside)
    if not run.has_classes:
        return [], {}, "findings can be combined, so that no label is wrong for sure"
    outside = data.Split(case.images.images[others], case.images.labels[others])
    first = made[0]
    features = first.make(case.scene.inputs(outside.images))
    distances = np.linalg.norm(features - first.centres[outside.labels], axis=1)
    try:
        planted = plant(run.settings.seed, outside, distances, size=int(case.inside.sum()))
    except UserError as error:
        _log.info("no canaries: %s", error)
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
    placed = [moved(space, scene) for space in made]
    attacks, bounds = canary_attacks(scene, placed, planted)
    return attacks, bounds, ""


def canary_attacks(
    scene: Scene, spaces: Sequence[Space], planted: Canaries
) -> tuple[list[Attack], dict[str, Any]]:
    """Traces canaries in a set that was distilled with half of them.

    Args:
      scene: a scene whose target is this set, and whose images are the canaries, in their order.
      spaces: the spaces; the mean of all standardised scores is taken.
      planted: the canaries.

    Returns:
      The outcome for all canaries, if they are enough, and bounds of ε for each kind and for all.
    """
    scores = []
    for space in spaces:
        own, (mean, std) = space.scores(scene, scene.target), _holdout_law(scene, space)
        scores.append(np.nanmean((own - mean) / std, axis=1))
    mean = np.mean(scores, axis=0)
    bounds = {
        kind: epsilon_bounds(mean[planted.kinds == i], planted.included[planted.kinds == i])
        for i, kind in enumerate(KINDS)
    }
    bounds["all"] = epsilon_bounds(mean, planted.included)
    inside, outside = mean[planted.included], mean[~planted.included]
    enough = min(len(inside), len(outside)) >= evidence.LEAST
    return [measure(CANARIES, inside, outside)] if enough else [], bounds


def _holdout_law(scene: Scene, space: Space) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and spread of the holdout's scores by group, which make groups comparable."""
    mask = group_mask(scene.holdout.labels, num_classes=scene.num_classes)
    blank = Population(mask, np.arange(len(mask)), 0, scene.population.names)
    features = space.make(scene.inputs(scene.holdout.images))
    holdout = scene._replace(population=blank)
    scores = space._replace(features=features).scores(holdout, scene.target)
    return moments(scores)
