"""All real images: networks trained to a plateau, with the classes as they are or balanced."""

import dataclasses
import math
from typing import Any

import jax
import numpy as np
from flax import traverse_util

from medjax.coreset import at_most
from medjax.evaluate.baselines.comparison import Baseline, Comparison
from medjax.evaluate.baselines.made import Made
from medjax.evaluate.protocol import score_networks
from medjax.training.class_weights import class_weights
from medjax.training.plateau import Budget, Plateau, train_to_plateau
from medjax.training.recipe import Recipe
from medjax.training.trainer import start_training

# Scores in the number of steps that a distilled set gets.
_SCORES = 10


def budget(comparison: Comparison) -> Budget:
    """Returns the steps of a network on all images: at least those on a distilled set."""
    plan, recipe = comparison.plan, _reference(comparison)
    images = sum(at_most(comparison.train.labels, plan.ipc)) * plan.factor**2
    least = recipe.schedule().num_epochs * math.ceil(images / recipe.batch_size)
    return Budget(least, max(plan.whole_steps, least), max(least // _SCORES, 1))


def train_whole(comparison: Comparison, *, balanced: bool) -> Made:
    """Trains networks on all images to a plateau of their score on val, and scores them.

    Without a val split they train for the greatest number of steps, with the schedule of the
    recipe.

    Args:
      comparison: what is compared.
      balanced: whether every class has the same weight in the loss, as in a distilled set.

    Returns:
      ``{"scores", "steps", "total_steps", "plateau"}``, and the variables of the first network.
    """
    name = "all real images, balanced" if balanced else "all real images"

    def make() -> Made:
        found = _train(comparison, name, balanced=balanced)
        scores = score_networks(comparison.net, found.variables, comparison.benchmark)
        first = jax.tree.map(lambda x: np.asarray(x[0]), found.variables)
        steps = {"steps": found.steps, "total_steps": found.total_steps, "plateau": found.reached}
        return Made({"scores": scores, **steps}, traverse_util.flatten_dict(first, sep="/"))

    content = budget(comparison)._asdict() | {"select_by": comparison.plan.select_by}
    content |= {"balanced": balanced, "recipe": _reference(comparison)}
    return comparison.kept("whole", make, **content)


def is_balanced(comparison: Comparison) -> bool:
    """Returns whether balancing changes the weight of no image."""
    labels = np.asarray(comparison.train.labels)
    num_classes = labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1
    return bool(np.allclose(class_weights(labels, num_classes), 1))


def _reference(comparison: Comparison) -> Recipe:
    """Returns the reference's recipe: a training to a plateau has no other length."""
    return dataclasses.replace(comparison.plan.recipe, name="reference")


def as_baseline(whole: Made) -> Baseline:
    """Returns the scores of networks that were trained on all images."""
    facts = dict(whole.facts)
    return Baseline(facts.pop("scores"), facts)


def _train(comparison: Comparison, name: str, *, balanced: bool) -> Plateau:
    plan, benchmark, train = comparison.plan, comparison.benchmark, comparison.train
    allowed = budget(comparison)
    steps_per_epoch = math.ceil(len(train) / plan.recipe.batch_size)
    epochs = math.ceil(allowed.most / steps_per_epoch)
    recipe = _reference(comparison)
    recipe = dataclasses.replace(recipe, epochs=epochs, balanced=balanced, parity=False)
    training = start_training(
        comparison.key,
        comparison.net,
        train.images,
        train.labels,
        recipe=recipe,
        num_networks=plan.num_networks,
        stats=benchmark.stats,
        mesh=benchmark.mesh,
    )
    if "val" not in benchmark.splits:
        done = training.until(epochs, watch=lambda done: comparison.watch(name, done))
        steps = epochs * steps_per_epoch
        return Plateau(done.variables(), steps, steps, reached=False)
    val = benchmark._replace(splits={"val": benchmark.splits["val"]})

    def score(variables: Any) -> float:
        scores = score_networks(comparison.net, variables, val)
        return float(scores["val"][plan.select_by]["mean"])

    return train_to_plateau(
        training,
        score,
        steps_per_epoch=steps_per_epoch,
        budget=allowed,
        watch=lambda done: comparison.watch(name, done),
    )
