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
      anneals: whether the learning rate falls along a cosine instead, to zero at the end.
      warmup_epochs: epochs over which the learning rate first rises to its full value.
    """

    num_epochs: int
    drop_epoch: int
    resets_momentum: bool
    learning_rate: float
    momentum: float
    weight_decay: float
    anneals: bool = False
    warmup_epochs: int = 0

    def learning_rate_at(self, epoch: int | Array) -> Array:
        """Returns the learning rate of the epoch with this index."""
        rise = jnp.minimum((epoch + 1.0) / (self.warmup_epochs + 1.0), 1.0)
        dropping = jnp.where(epoch < self.drop_epoch, 1.0, _DECAY)
        length = jnp.maximum(self.num_epochs - self.warmup_epochs, 1)
        done = jnp.maximum(epoch - self.warmup_epochs, 0) / length
        factor = jnp.where(self.anneals, (1 + jnp.cos(jnp.pi * done)) / 2, dropping)
        return rise * factor * self.learning_rate

    def resets_momentum_at(self, epoch: int | Array) -> Array:
        """Returns whether the momentum is set to zero before the epoch with this index."""
        return jnp.logical_and(self.resets_momentum, epoch == self.drop_epoch)
