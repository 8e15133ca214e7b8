"""The state of a run, which checkpoints hold, and its candidates for the selected images."""

from typing import NamedTuple

import jax.numpy as jnp

from medjax.methods import DistillState
from medjax.types import Array, SyntheticSet


class Candidate(NamedTuple):
    """A set of synthetic images that a run may select.

    Attributes:
      images: float32 ``[n, h, w, c]``, normalised.
      step: int32 scalar, the iterations that made the images.
      score: float32 scalar, the score on val; −∞ before there is one, ∞ without a val split.
      labels: int32 ``[n]`` or float32 ``[n, L]``; rows may be learned with the images.
      step_size: float32 scalar, the learning rate that was learned with the images; ``None``
        if there is none.
    """

    images: Array
    step: Array
    score: Array
    labels: Array
    step_size: Array | None = None

    @classmethod
    def of(cls, state: DistillState, *, score: float = -jnp.inf) -> "Candidate":
        """Copies the images of a state, because the next step consumes the state."""
        kept = (state.images, state.step, state.labels, state.step_size)
        images, step, labels, step_size = (None if x is None else jnp.copy(x) for x in kept)
        return cls(images, step, jnp.float32(score), labels, step_size)

    @property
    def stored(self) -> SyntheticSet:
        """The images as the state holds them, with their labels."""
        return SyntheticSet(self.images, self.labels)


class RunState(NamedTuple):
    """The state of a run at a step, before anything of that step is logged or validated.

    Attributes:
      state: the state of the method.
      best: the candidate with the best score on val so far.
      logged: int32 scalar, the step at which the state's sum of losses was last set to zero.
    """

    state: DistillState
    best: Candidate
    logged: Array

    @classmethod
    def at_start(cls, state: DistillState) -> "RunState":
        """Returns the run before its first iteration, whose best any validated images beat."""
        return cls(state, Candidate.of(state), jnp.int32(0))
