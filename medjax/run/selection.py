"""Which of a run's images to keep: those that do best on val, never on test."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp

from medjax import evaluate
from medjax.methods import DistillState
from medjax.run.setup import Experiment
from medjax.types import Array


class Best(NamedTuple):
    """The best images so far.

    Attributes:
      images: float32 ``[n, h, w, c]``, normalised.
      step: int32 scalar, iterations after which they stood.
      score: float32 scalar, what they scored on val.
      labels: int32 ``[n]`` or float32 ``[n, L]``, theirs: rows may be learned with them.
      step_size: float32 scalar, the learning rate learned with them; ``None`` where none is.
    """

    images: Array
    step: Array
    score: Array
    labels: Array
    step_size: Array | None = None


def nothing_yet(state: DistillState) -> Best:
    """A best that any evaluated images beat.

    Args:
      state: the run before its first iteration.

    Returns:
      The start's images with a score of −∞.
    """
    images, labels, step_size = map(_copy, (state.images, state.labels, state.step_size))
    return Best(images, jnp.int32(0), jnp.float32(-jnp.inf), labels, step_size)


def select(
    experiment: Experiment, evaluation: Mapping[str, Any], state: DistillState, best: Best
) -> tuple[Best, dict[str, float]]:
    """Scores the images on val, and keeps them if they are the best so far.

    Always with the same initial networks, so that it is the images that differ; the networks of
    the final scores are others. Without a val split the newest images are the best.

    Args:
      experiment: what the run works with.
      evaluation: the settings of that name.
      state: the run as it stands.
      best: the best images before.

    Returns:
      ``(best, scores)``: scores by ``val_<metric>`` and ``val_<metric>_std``.
    """
    val = experiment.benchmark.splits.get("val")
    scores, score = {}, float("inf")
    if val is not None:
        judged = evaluate.evaluate_set(
            experiment.keys["select"],
            experiment.net,
            state.images,
            state.labels,
            experiment.benchmark._replace(splits={"val": val}),
            recipe=experiment.recipe_for(state.step_size),
            num_networks=evaluation["select_networks"],
        )["val"]
        score = judged[evaluation["select_by"]]["mean"]
        for metric, value in judged.items():
            scores |= {f"val_{metric}": value["mean"], f"val_{metric}_std": value["std"]}
    if score >= best.score:
        # Copies, because the next call of the step consumes the state.
        copied = map(_copy, (state.images, state.step, state.labels, state.step_size))
        images, step, labels, step_size = copied
        best = Best(images, step, jnp.float32(score), labels, step_size)
    return best, scores


def _copy(array: Array | None) -> Array | None:
    return None if array is None else jnp.copy(array)
