"""Random real images, the mean of many subsets and the best of some, and k-center."""

from collections.abc import Callable

import jax
import numpy as np
from flax import traverse_util

from medjax.coreset import at_most, k_center, random_subset
from medjax.evaluate.baselines.comparison import Baseline, Comparison, Made
from medjax.evaluate.baselines.whole import budget
from medjax.evaluate.protocol import Scores, evaluate_set, score_networks
from medjax.training.feature_vectors import vectors_of
from medjax.training.prediction import embed
from medjax.training.trainer import train_networks
from medjax.types import Array

# No network has these numbers, so the subsets share their randomness with none of them.
_SUBSETS, _DRAWS = np.uint32(2**32 - 1), np.uint32(2**32 - 2)


def score_random(comparison: Comparison) -> Baseline:
    """Scores networks that have a random subset each.

    Their spread covers both subsets and networks.
    """
    plan, train, ipc = comparison.plan, comparison.train, _ipc(comparison)

    def make() -> Made:
        keys = jax.random.split(jax.random.fold_in(comparison.key, _SUBSETS), plan.num_networks)
        subsets = np.stack([random_subset(key, train.labels, ipc) for key in keys])
        # Networks share the union of the subsets; each trains on its own rows.
        rows = np.arange(subsets.size, dtype=np.int32).reshape(subsets.shape)
        variables = train_networks(
            comparison.key,
            comparison.net,
            train.images[subsets.ravel()],
            train.labels[subsets.ravel()],
            recipe=plan.recipe,
            num_networks=plan.num_networks,
            rows=rows,
            stats=comparison.benchmark.stats,
            mesh=comparison.benchmark.mesh,
            watch=lambda done: comparison.watch("random images", done),
        )
        return Made(score_networks(comparison.net, variables, comparison.benchmark))

    return Baseline(comparison.kept("random", make, ipc=ipc).facts, {})


def select_random(comparison: Comparison) -> Baseline:
    """Scores the best on val of several random subsets.

    It is selected as a distilled set is: from ``plan.draws`` of them, by the networks of
    ``select_key`` and ``plan.select_recipe``. The first of equals is taken.
    """
    plan = comparison.plan
    scores = [_score_draw(comparison, draw) for draw in range(plan.draws)]
    best = int(np.argmax(scores))
    images, labels = _draw(comparison, best)

    def make() -> Made:
        return Made(_score(comparison, images, labels, "the best random images"))

    kept = comparison.kept("random_selected", make, ipc=_ipc(comparison), draw=best)
    return Baseline(kept.facts, {"draws": plan.draws, "draw": best, "val": scores})


def score_k_center(comparison: Comparison, whole: Made) -> Baseline:
    """Scores images that k-center chooses in the embedding of a network.

    Args:
      comparison: what is compared.
      whole: networks trained on all images, as ``train_whole`` keeps them.
    """
    train, ipc = comparison.train, _ipc(comparison)

    def make() -> Made:
        with vectors_of(train.images, _embedding(comparison, whole)) as found:
            centres = k_center(found, train.labels, ipc)
        images, labels = train.images[centres], train.labels[centres]
        return Made(_score(comparison, images, labels, "k-center images"))

    kept = comparison.kept("kcenter", make, ipc=ipc, whole=budget(comparison)._asdict())
    return Baseline(kept.facts, {})


def _embedding(comparison: Comparison, whole: Made) -> Callable[[Array], np.ndarray]:
    """Returns the features of the first network that was trained on all images."""
    leaves = {tuple(name.split("/")): array[None] for name, array in whole.arrays.items()}
    network, benchmark = traverse_util.unflatten_dict(leaves), comparison.benchmark

    def features(images: Array) -> np.ndarray:
        stats, mesh = benchmark.stats, benchmark.mesh
        found = embed(comparison.net, network, images, stats=stats, mesh=mesh)[0]
        # Features of a diverged network become equal, like its logits in ``score_networks``.
        return np.nan_to_num(found, nan=0, posinf=0, neginf=0)

    return features


def _draw(comparison: Comparison, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns images and labels of a random subset."""
    train, key = comparison.train, jax.random.fold_in(comparison.select_key, _DRAWS)
    rows = random_subset(jax.random.fold_in(key, number), train.labels, _ipc(comparison))
    return train.images[rows], train.labels[rows]


def _score_draw(comparison: Comparison, number: int) -> float:
    """Returns the score on val that selects a random subset."""
    plan = comparison.plan

    def make() -> Made:
        val = {"val": comparison.benchmark.splits["val"]}
        scores = evaluate_set(
            comparison.select_key,
            comparison.net,
            *_draw(comparison, number),
            comparison.benchmark._replace(splits=val),
            recipe=plan.select_recipe,
            num_networks=plan.select_networks,
            watch=lambda done: comparison.watch(
                f"random images {number + 1} of {plan.draws}", done
            ),
        )
        return Made(scores)

    content = {"ipc": _ipc(comparison), "draw": number}
    kept = comparison.kept("draw", make, recipe=plan.select_recipe, **content)
    return float(kept.facts["val"][plan.select_by]["mean"])


def _score(comparison: Comparison, images: Array, labels: Array, what: str) -> Scores:
    """Scores networks that are all trained on the same images."""
    return evaluate_set(
        comparison.key,
        comparison.net,
        images,
        labels,
        comparison.benchmark,
        recipe=comparison.plan.recipe,
        num_networks=comparison.plan.num_networks,
        watch=lambda done: comparison.watch(what, done),
    )


def _ipc(comparison: Comparison) -> list[int]:
    """Returns the images per class; a class with fewer images contributes all of them."""
    return at_most(comparison.train.labels, comparison.plan.ipc)
