"""What a distilled set is compared with, and how the baselines are trained and selected."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import numpy as np

from medjax.data import Split
from medjax.evaluate.baselines.made import Keep, Made
from medjax.evaluate.baselines.teacher import Teacher
from medjax.evaluate.protocol import Benchmark, Scores
from medjax.training.recipe import Recipe
from medjax.types import Array, PRNGKey

Watch = Callable[[str, float], None]
"""``(what, fraction done)``: called while networks are trained; 0 at the start and 1 at the end."""


class Plan(NamedTuple):
    """How baselines are made, trained and selected.

    Attributes:
      ipc: real images per class of the subsets, one number or one per class.
      recipe: how networks are trained on the subsets for the final scores.
      select_recipe: how they are trained for the scores on val that select, as those of the
        distilled set.
      num_networks: networks of the final scores of each baseline.
      select_by: the metric on val that selects, higher is better.
      select_networks: networks that score each random subset on val.
      draws: random subsets of which the best on val is selected; as many as there were validations
        of the distilled set, so that both were selected from the same number.
      whole_steps: the greatest number of steps of SGD on all real images.
      factor: patches along each side of a stored image of the distilled set, see
        ``methods.decode``; above 1 there are random images of the same form.
    """

    ipc: int | Sequence[int]
    recipe: Recipe
    select_recipe: Recipe
    num_networks: int
    select_by: str
    select_networks: int
    draws: int
    whole_steps: int
    factor: int = 1


class Comparison(NamedTuple):
    """The data, the networks and the plan that all baselines share.

    Attributes:
      key: PRNG key of the final scores, that of the distilled set.
      select_key: PRNG key of scores on val that select, that of the distilled set.
      net: a flax module with ``embed``.
      train: the real training images.
      benchmark: the splits to score on.
      plan: how the baselines are made.
      keep: where results are kept.
      watch: is told what is trained.
      teacher: the network that labels the images of subsets; ``None`` leaves them their own.
    """

    key: PRNGKey
    select_key: PRNGKey
    net: nn.Module
    train: Split
    benchmark: Benchmark
    plan: Plan
    keep: Keep
    watch: Watch
    teacher: Teacher | None = None

    def taught_by(self, teacher: Teacher) -> "Comparison":
        """Returns the same with subsets that have the soft labels of a teacher."""
        recipes = {
            name: dataclasses.replace(getattr(self.plan, name), soft_labels=True)
            for name in ("recipe", "select_recipe")
        }
        return self._replace(teacher=teacher, plan=self.plan._replace(**recipes))

    def labelled(self, images: Array, labels: np.ndarray) -> tuple[Array, np.ndarray]:
        """Returns images with the labels that networks train on."""
        return images, labels if self.teacher is None else self.teacher.label(images)

    def kept(
        self,
        kind: str,
        make: Callable[[], Made],
        *,
        recipe: Recipe | None = None,
        networks: int | None = None,
        **content: Any,
    ) -> Made:
        """Returns what is kept of a baseline, or makes it.

        ``content`` is what it depends on besides the data, the key, the network, the recipe and the
        number of networks, which are those of the final scores unless they are given.
        """
        recipe, networks = recipe or self.plan.recipe, networks or self.plan.num_networks
        if self.teacher is not None:
            content["teacher"] = self.teacher.content()
        return self.keep(
            {"kind": kind, "recipe": vars(recipe), "networks": networks, **content}, make
        )


class Baseline(NamedTuple):
    """The scores of a baseline, and how it was made.

    Attributes:
      scores: ``{split: {metric: {"mean", "std", "n", …}}}``.
      facts: JSON, such as the number of steps or of subsets that it was selected from.
    """

    scores: Scores
    facts: dict[str, Any]
