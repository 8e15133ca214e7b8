"""Random real images, the mean of many subsets and the best of some, and k-center."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from medjax import data
from medjax.coreset import at_most, k_center, random_subset
from medjax.evaluate.baselines.comparison import Baseline, Comparison
from medjax.evaluate.baselines.made import Made
from medjax.evaluate.baselines.teacher import first_network
from medjax.evaluate.baselines.whole import budget
from medjax.evaluate.protocol import Scores, evaluate_set, score_networks
from medjax.methods import at_patch_size
from medjax.training.feature_vectors import vectors_of
from medjax.training.prediction import embed
from medjax.training.trainer import train_networks
from medjax.types import Array, PRNGKey

# No network has these numbers, so the subsets share their randomness with none of them.
_SUBSETS, _DRAWS = np.uint32(2**32 - 1), np.uint32(2**32 - 2)
_NAMES = {False: "random", True: "random mixed"}


def score_random(comparison: Comparison, *, mixed: bool = False) -> Baseline:
    """Scores networks that have a random subset each.

    Their spread covers both subsets and networks. If ``mixed``, the images have the form of the
    distilled ones: ``factor²`` times as many, each stored as a patch.
    """
    plan, name = comparison.plan, "random_mixed" if mixed else "random"

    def make() -> Made:
        keys = jax.random.split(jax.random.fold_in(comparison.key, _SUBSETS), plan.num_networks)
        subsets = [_subset(comparison, key, mixed=mixed) for key in keys]
        images, labels = (np.concatenate(parts) for parts in zip(*subsets, strict=True))
        # Networks share the union of the subsets; each trains on its own rows.
        rows = np.arange(len(labels), dtype=np.int32).reshape(plan.num_networks, -1)
        variables = train_networks(
            comparison.key,
            comparison.net,
            images,
            labels,
            recipe=plan.recipe,
            num_networks=plan.num_networks,
            rows=rows,
            stats=comparison.benchmark.stats,
            mesh=comparison.benchmark.mesh,
            watch=lambda done: comparison.watch(f"{_NAMES[mixed]} images", done),
        )
        return Made(score_networks(comparison.net, variables, comparison.benchmark))

    return Baseline(comparison.kept(name, make, **_content(comparison, mixed=mixed)).facts, {})


def select_random(comparison: Comparison, *, mixed: bool = False) -> Baseline:
    """Scores the best on val of several random subsets.

    It is selected as a distilled set is: from ``plan.draws`` of them, by the networks of
    ``select_key`` and ``plan.select_recipe``. The first of equals is taken. ``mixed`` is as in
    ``score_random``.
    """
    plan, name = comparison.plan, "random_mixed_selected" if mixed else "random_selected"
    scores = [_score_draw(comparison, draw, mixed=mixed) for draw in range(plan.draws)]
    best = int(np.argmax(scores))
    images, labels = _draw(comparison, best, mixed=mixed)

    def make() -> Made:
        return Made(_score(comparison, images, labels, f"the best {_NAMES[mixed]} images"))

    kept = comparison.kept(name, make, **_content(comparison, mixed=mixed), draw=best)
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
        images, labels = comparison.labelled(train.images[centres], train.labels[centres])
        return Made(_score(comparison, images, labels, "k-center images"))

    # The embedding is that of a network at its best score on val.
    embedding = budget(comparison)._asdict() | {"select_by": comparison.plan.select_by}
    kept = comparison.kept("kcenter", make, ipc=ipc, whole=embedding)
    return Baseline(kept.facts, {})


def _embedding(comparison: Comparison, whole: Made) -> Callable[[Array], np.ndarray]:
    """Returns the features of the first network that was trained on all images."""
    network, benchmark = first_network(whole), comparison.benchmark

    def features(images: Array) -> np.ndarray:
        stats, mesh = benchmark.stats, benchmark.mesh
        found = embed(comparison.net, network, images, stats=stats, mesh=mesh)[0]
        # Features of a diverged network become equal, like its logits in ``score_networks``.
        return np.nan_to_num(found, nan=0, posinf=0, neginf=0)

    return features


def _draw(comparison: Comparison, number: int, *, mixed: bool) -> tuple[Array, np.ndarray]:
    """Returns images and labels of a random subset."""
    key = jax.random.fold_in(comparison.select_key, _DRAWS)
    return _subset(comparison, jax.random.fold_in(key, number), mixed=mixed)


def _subset(comparison: Comparison, key: PRNGKey, *, mixed: bool) -> tuple[Array, np.ndarray]:
    """Returns random real images as they are, or normalised with the resolution of patches.

    Their labels are those that networks train on.
    """
    train, factor = comparison.train, comparison.plan.factor
    if not mixed:
        rows = random_subset(key, train.labels, _ipc(comparison))
        return comparison.labelled(train.images[rows], train.labels[rows])
    more = [ipc * factor**2 for ipc in _ipc(comparison)]
    rows = random_subset(key, train.labels, at_most(train.labels, more))
    images = data.normalize(train.images[rows], *comparison.benchmark.stats)
    images = np.asarray(at_patch_size(images, factor=factor))
    return comparison.labelled(images, train.labels[rows])


def _content(comparison: Comparison, *, mixed: bool) -> dict[str, Any]:
    """Returns what a random subset depends on."""
    factor = {"factor": comparison.plan.factor} if mixed else {}
    return {"ipc": _ipc(comparison), **factor}


def _score_draw(comparison: Comparison, number: int, *, mixed: bool) -> float:
    """Returns the score on val that selects a random subset."""
    plan = comparison.plan

    def make() -> Made:
        val = {"val": comparison.benchmark.splits["val"]}
        what = f"{_NAMES[mixed]} images {number + 1} of {plan.draws}"
        scores = evaluate_set(
            comparison.select_key,
            comparison.net,
            *_draw(comparison, number, mixed=mixed),
            comparison.benchmark._replace(splits=val),
            recipe=plan.select_recipe,
            num_networks=plan.select_networks,
            watch=lambda done: comparison.watch(what, done),
        )
        return Made(scores)

    kept = comparison.kept(
        "mixed_draw" if mixed else "draw",
        make,
        recipe=plan.select_recipe,
        networks=plan.select_networks,
        **_content(comparison, mixed=mixed),
        draw=number,
    )
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
