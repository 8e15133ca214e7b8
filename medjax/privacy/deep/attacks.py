"""The deep audit: likelihood ratios over shadow distillations."""

import dataclasses
from collections.abc import Sequence

import flax.linen as nn
import jax
import numpy as np

from medjax import data, training
from medjax.evaluate import probabilities
from medjax.privacy.deep.likelihood import lira, rmia
from medjax.privacy.deep.shadows import Shadows
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.membership import Attack
from medjax.privacy.tracing.spaces import Scene, Space, by_name

_KEY = 0x5AD0


def lira_attacks(
    scene: Scene, spaces: Sequence[Space], shadows: Shadows, *, suffix: str
) -> list[Attack]:
    """Tries LiRA on the tracing scores in each space.

    Args:
      scene: the images.
      spaces: the spaces; the scores of those of one name are averaged.
      shadows: the shadow sets.
      suffix: the end of the names, such as ``" (seed known)"``.

    Returns:
      The outcomes.
    """
    found = []
    for name, some in by_name(spaces):
        target = np.mean([space.scores(scene, scene.target) for space in some], axis=0)
        others = np.stack(
            [np.mean([x.scores(scene, one) for x in some], axis=0) for one in shadows.sets]
        )
        columns = range(target.shape[1])
        ratios = [lira(target[:, g], others[:, :, g], shadows.inside) for g in columns]
        scores = np.stack(ratios, axis=1)
        scores = np.where(np.isfinite(scores), scores, np.nan)
        found += evidence.attacks(f"LiRA on {name}{suffix}", scores, scene.population)
    return found


def network_attacks(
    scene: Scene, net: nn.Module, recipe: training.Recipe, shadows: Shadows, *, suffix: str
) -> list[Attack]:
    """Tries LiRA and offline RMIA on a network that is trained on the attacked set.

    A network is trained on each shadow set by the same recipe, all in one program.

    Args:
      scene: the images, of classes that exclude each other.
      net: the network.
      recipe: how it is trained.
      shadows: the shadow sets.
      suffix: the end of the names.

    Returns:
      The outcomes.
    """
    images, holdout = scene.inputs(scene.images), scene.inputs(scene.holdout.images)
    labels = scene.population.groups.argmax(axis=1)
    logits = _logits(scene, net, recipe, [scene.target, *shadows.sets], (images, holdout))
    own = _of_label(logits[0], labels)
    population = _of_label(logits[1], np.asarray(scene.holdout.labels))
    scaled = np.log(own) - np.log1p(-own)
    ratios = lira(scaled[0], scaled[1:], shadows.inside)
    ranks = rmia(own[0], own[1:], shadows.inside, (population[0], population[1:]))
    found = []
    for name, scores in (("LiRA", ratios), ("RMIA", ranks)):
        column = np.where(np.isfinite(scores), scores, np.nan)[:, None]
        grouped = np.where(scene.population.groups, column, np.nan)
        found += evidence.attacks(f"{name} on a trained network{suffix}", grouped, scene.population)
    return found


def _logits(
    scene: Scene,
    net: nn.Module,
    recipe: training.Recipe,
    sets: Sequence[data.SharedSet],
    images: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Returns logits ``[sets, n, C]`` for each of some images, of a network trained on each set."""
    size = len(sets[0].labels)
    pixels = np.concatenate([scene.inputs(one.images) for one in sets])
    labels = np.concatenate([one.labels for one in sets])
    recipe = dataclasses.replace(
        recipe, name="fast", parity=False, soft_labels=np.ndim(sets[0].labels) == 2
    )
    variables = training.train_networks(
        jax.random.key(_KEY),
        net,
        pixels,
        labels,
        recipe=recipe,
        num_networks=len(sets),
        rows=np.arange(len(labels), dtype=np.int32).reshape(len(sets), size),
    )
    return [np.asarray(training.predict(net, variables, some)) for some in images]


def _of_label(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the probability of each image's label, ``[k, n]``, away from 0 and 1."""
    logits = np.where(np.isfinite(logits), logits, 0)
    found = probabilities(logits, task="multi-class")
    return np.clip(found[:, np.arange(len(labels)), labels], 1e-12, 1 - 1e-12)
