"""What a checkpoint of a run holds, and which settings may change before it is gone on with."""

from typing import NamedTuple

import jax.numpy as jnp

from medjax.methods import DistillState
from medjax.run.selection import Best, nothing_yet
from medjax.types import Array

# Where things are or what is shown, but no number of the result: a mesh at most the order of sums.
FREE = (
    "checkpoint",
    "data.cache",
    "data.convert.threads",
    "data.download",
    "data.root",
    "data.stream_above_gib",
    "data.tfds.data_dir",
    "log_every",
    "mesh",
)


class Saved(NamedTuple):
    """A run as it stands, taken before anything of its step was logged or judged.

    Attributes:
      state: the method's.
      best: the best images so far.
      logged: int32 scalar, the step at which the state's sum of losses was last set to zero.
    """

    state: DistillState
    best: Best
    logged: Array


def nothing_done(state: DistillState) -> Saved:
    """A run before its first iteration.

    Args:
      state: from ``Distiller.init``.

    Returns:
      What a checkpoint of it would hold.
    """
    return Saved(state, nothing_yet(state), jnp.int32(0))
