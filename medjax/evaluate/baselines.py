"""The baselines that a distilled set is compared with, under the same recipe."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from medjax.coreset import at_most, k_center, random_subset
from medjax.data import Split
from medjax.evaluate.protocol import Benchmark, Scores, score_networks, score_nothing
from medjax.training.feature_vectors import vectors_of
from medjax.training.prediction import embed
from medjax.training.recipe import Recipe
from medjax.training.trainer import train_networks
from medjax.types import MULTI_LABEL, Array, Params, PRNGKey


def score_baselines(
    key: PRNGKey,
    net: nn.Module,
    train: Split,
    benchmark: Benchmark,
    *,
    ipc: int | Sequence[int],
    recipe: Recipe,
    whole_epochs: int,
    num_networks: int,
) -> dict[str, Scores]:
    """Scores the training sets that a distilled set is compared with.

    - ``random``: ``ipc`` random real images of each class, drawn for every network, so that the
      spread covers both subsets and networks.
    - ``kcenter``: ``ipc`` real images of each class, chosen by greedy k-center in the embedding of
      a network trained on all images.
    - ``whole``: all real images, for ``whole_epochs`` epochs.
    - ``nothing``: no finding for any image; only for a multi-label set.

    The classes of a multi-label set are groups, see ``data.group_indices``. A class with fewer
    images than ``ipc`` contributes all of them.

    Args:
      key: PRNG key; networks get the same initial parameters as in ``evaluate_set`` with this
        key.
      net: a flax module with ``embed``.
      train: the real training images.
      benchmark: the splits to score on.
      ipc: images per class, one number or one per class.
      recipe: how networks are trained; its ``epochs`` apply to the subsets only.
      whole_epochs: number of epochs on the whole set.
      num_networks: number of networks per baseline.

    Returns:
      ``{"random" | "kcenter" | "whole" | "nothing": {split: {metric: summary}}}``, with the
      summaries of ``summarize``.

    Raises:
      UserError: as ``evaluate_set`` does, or if ``ipc`` is negative or of the wrong
        length.

    Example:
      >>> from medjax import nets
      >>> images = np.zeros((4, 4, 4, 1), np.uint8)
      >>> split = Split(images, np.array([0, 0, 1, 1], np.int32))
      >>> stats = (np.zeros(1, np.float32), np.ones(1, np.float32))
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> benchmark = Benchmark({"test": split}, stats, "binary-class")
      >>> key, recipe = jax.random.key(0), Recipe(epochs=1)
      >>> options = dict(ipc=1, recipe=recipe, whole_epochs=1, num_networks=2)
      >>> list(score_baselines(key, net, split, benchmark, **options))
      ['random', 'kcenter', 'whole']
    """
    ipc = at_most(train.labels, ipc)
    where: dict[str, Any] = {"stats": benchmark.stats, "mesh": benchmark.mesh}

    def networks(
        chosen: slice | np.ndarray, recipe: Recipe, rows: np.ndarray | None = None
    ) -> Params:
        images, labels = train.images[chosen], train.labels[chosen]
        return train_networks(
            key, net, images, labels, recipe=recipe, num_networks=num_networks, rows=rows, **where
        )

    whole = networks(slice(None), dataclasses.replace(recipe, epochs=whole_epochs))
    one = jax.tree.map(lambda x: x[:1], whole)

    def features(images: Array) -> np.ndarray:
        # Features of a diverged network become equal, like its logits in ``score_networks``.
        return np.nan_to_num(embed(net, one, images, **where)[0], nan=0, posinf=0, neginf=0)

    with vectors_of(train.images, features) as found:
        centres = k_center(found, train.labels, ipc)
    # No network has this number, so the subsets share their randomness with none of them.
    subsets_key = jax.random.fold_in(key, np.uint32(2**32 - 1))
    subset_keys = jax.random.split(subsets_key, num_networks)
    subsets = np.stack([random_subset(k, train.labels, ipc) for k in subset_keys])
    # Networks share the union of the subsets; each trains on its own rows.
    rows = np.arange(subsets.size, dtype=np.int32).reshape(subsets.shape)
    trained = {
        "random": networks(subsets.ravel(), recipe, rows),
        "kcenter": networks(centres, recipe),
        "whole": whole,
    }
    scores = {
        name: score_networks(net, variables, benchmark) for name, variables in trained.items()
    }
    if benchmark.task == MULTI_LABEL:
        scores["nothing"] = score_nothing(benchmark, num_labels=train.labels.shape[1])
    return scores
