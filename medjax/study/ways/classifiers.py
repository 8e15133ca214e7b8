"""The networks of a comparison: trained alike on small sets and on real images, and scored."""

import dataclasses
import math
from typing import Any, NamedTuple

import flax.linen as nn
import numpy as np

from medjax import data, evaluate, training
from medjax.evaluate.predictions import Scores
from medjax.run.setup import Experiment
from medjax.types import Array, PRNGKey


class Moments(NamedTuple):
    """What normalises images: ``(pixel - mean) / std``.

    Attributes:
      mean: float32 ``[c]`` in pixel units (0–1).
      std: float32 ``[c]`` in pixel units (0–1), positive.
    """

    mean: np.ndarray
    std: np.ndarray


class Classifiers(NamedTuple):
    """Networks of equal architecture and start that differ in the images they are trained on.

    Small sets are trained on by the recipe. Real images are trained on by the reference's recipe
    with about ``steps`` steps of SGD. Nothing is selected on val: each network is that of its last
    step.

    Attributes:
      key: PRNG key; network ``i`` starts from the same parameters on all images.
      net: a flax module from images to logits ``[n, C]``.
      recipe: how networks are trained.
      steps: steps of SGD on real images, rounded to whole epochs and at least one.
      count: networks for each training, of which the spread over networks is taken.
      benchmark: the splits to score on, the task and the devices.
    """

    key: PRNGKey
    net: nn.Module
    recipe: training.Recipe
    steps: int
    count: int
    benchmark: evaluate.Benchmark

    @classmethod
    def of(cls, experiment: Experiment) -> "Classifiers":
        """Returns the networks that the settings of a run describe."""
        evaluation = experiment.settings.evaluation
        return cls(
            experiment.keys["final"],
            experiment.net,
            experiment.recipe,
            evaluation.whole_steps,
            evaluation.networks,
            experiment.benchmark,
        )

    def on_set(
        self,
        images: Array | np.ndarray,
        labels: np.ndarray,
        *,
        moments: Moments | None = None,
        rows: np.ndarray | None = None,
    ) -> Any:
        """Trains networks on a small set.

        Args:
          images: float ``[n, h, w, c]`` in normalised space, or uint8.
          labels: int ``[n]``.
          moments: those that normalise uint8 images.
          rows: int ``[count, m]``, the images of each network; ``None`` is all.

        Returns:
          The variables, each array with a leading axis ``[count]``.
        """
        return training.train_networks(
            self.key,
            self.net,
            images,
            labels,
            recipe=self.recipe,
            num_networks=self.count,
            rows=rows,
            stats=moments,
            mesh=self.benchmark.mesh,
        )

    def start_on_real(
        self, split: data.Split, moments: Moments, *, rounds: int = 1
    ) -> training.Training:
        """Starts networks on real images; their schedule has at least ``rounds`` epochs.

        Args:
          split: the real images.
          moments: those that normalise them.
          rounds: parts into which the epochs are to be divided.
        """
        epochs = max(rounds, round(self.steps / self.steps_of(len(split), 1)))
        return training.start_training(
            self.key,
            self.net,
            split.images,
            split.labels,
            recipe=dataclasses.replace(
                self.recipe, name="reference", epochs=epochs, parity=False, soft_labels=False
            ),
            num_networks=self.count,
            stats=moments,
            mesh=self.benchmark.mesh,
        )

    def steps_of(self, images: int, epochs: int) -> int:
        """Returns the steps of SGD in some epochs over a number of images."""
        return epochs * math.ceil(images / self.recipe.batch_size)

    def on_real(self, split: data.Split, moments: Moments) -> Any:
        """Trains networks on real images and returns their variables; see ``start_on_real``."""
        started = self.start_on_real(split, moments)
        return started.until(started.schedule.num_epochs).variables()

    def score(self, variables: Any, moments: Moments) -> Scores:
        """Scores networks on every split, whose images are normalised by these moments."""
        benchmark = self.benchmark._replace(stats=moments)
        return evaluate.score_networks(self.net, variables, benchmark)
