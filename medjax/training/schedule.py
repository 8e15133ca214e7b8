"""The learning-rate schedule of evaluation networks."""

from typing import NamedTuple

import jax.numpy as jnp

from medjax.types import Array

_DECAY = 0.1


class Schedule(NamedTuple):
    """A recipe's numbers for the training loop; all of them may be traced.

    Attributes:
      num_epochs: number of epochs.
      drop_epoch: index of the first epoch at a tenth of the learning rate.
      resets_momentum: whether the momentum restarts from zero at that epoch.
      learning_rate: of the epochs before.
      momentum: of SGD.
      weight_decay: of SGD, on every parameter.
    """

    num_epochs: int
    drop_epoch: int
    resets_momentum: bool
    learning_rate: float
    momentum: float
    weight_decay: float

    def learning_rate_at(self, epoch: int | Array) -> Array:
        """Returns the learning rate of the epoch with this index."""
        return jnp.where(epoch < self.drop_epoch, 1.0, _DECAY) * self.learning_rate

    def resets_momentum_at(self, epoch: int | Array) -> Array:
        """Returns whether the momentum is set to zero before the epoch with this index."""
        return jnp.logical_and(self.resets_momentum, epoch == self.drop_epoch)
