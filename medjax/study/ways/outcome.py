"""What a way to train a classifier reaches and costs, before it is a row of the table."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from medjax import evaluate
from medjax.evaluate.predictions import Scores


class Outcome(NamedTuple):
    """The scores of a way and its cost.

    Attributes:
      method: the name of the way, as in ``sites/central``.
      scores: ``{split: {metric: {"mean", "std", "n", "values", …}}}``.
      seconds: those of all that the way needs, from the real images on.
      images: images that a network is trained on, as they are stored.
      sent: bytes that the sites, or the source, send in all.
    """

    method: str
    scores: Scores
    seconds: float
    images: int
    sent: int


def timed(make: Callable[..., Any], *given: Any, **options: Any) -> tuple[Any, float]:
    """Returns what a function makes, once it is computed, and the seconds that it took.

    Args:
      make: the function.
      *given, **options: its arguments.

    Example:
      >>> found, seconds = timed(int, "42")
      >>> found, seconds >= 0
      (42, True)
    """
    start = time.perf_counter()
    made = jax.block_until_ready(make(*given, **options))
    return made, time.perf_counter() - start


def mean_of(parts: Sequence[Scores]) -> Scores:
    """Joins the scores of several trainings: the values of all their networks are one sample.

    Args:
      parts: scores of the same splits and metrics.

    Returns:
      ``{split: {metric: {"mean", "std", "n", "values"}}}``.

    Example:
      >>> one = {"test": {"auroc": {"values": [0.5]}}}
      >>> two = {"test": {"auroc": {"values": [1.0]}}}
      >>> mean_of([one, two])["test"]["auroc"]["mean"]
      0.75
    """
    return {
        split: {
            metric: evaluate.summarize(
                np.concatenate([part[split][metric]["values"] for part in parts])
            )
            for metric in metrics
        }
        for split, metrics in parts[0].items()
    }
