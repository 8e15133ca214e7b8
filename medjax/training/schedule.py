"""The learning-rate schedule of evaluation networks."""

from typing import NamedTuple

import jax.numpy as jnp

from medjax.types import Array

_DECAY = 0.1
# The full rate at once lets networks diverge.
_WARMUP = 10


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

    def shortened(self, parts: int, *, rates: float) -> "Schedule":
        """Returns a schedule with a part of the epochs and of the sum of learning rates.

        The rate rises over a tenth of the epochs and falls along a cosine to zero.

        Args:
          parts: the epochs are divided by this number, rounded up. All numbers of the schedule are
            Python numbers, and it does not anneal.
          rates: the sum of the learning rates of all epochs, as a part of this schedule's.

        Example:
          >>> schedule = Schedule(300, 150, False, 0.01, 0.9, 5e-4).shortened(5, rates=0.5)
          >>> schedule.num_epochs, schedule.warmup_epochs, round(schedule.learning_rate, 4)
          (60, 6, 0.027)
        """
        num_epochs = -(-self.num_epochs // parts)
        dropped = max(self.num_epochs - self.drop_epoch, 0)
        sum_of_factors = self.num_epochs - dropped + _DECAY * dropped
        # The mean factor of the rise is a half, that of the fall is a little more.
        factor = rates * sum_of_factors / ((num_epochs + 1) / 2)
        return self._replace(
            num_epochs=num_epochs,
            resets_momentum=False,
            learning_rate=self.learning_rate * factor,
            anneals=True,
            warmup_epochs=num_epochs // _WARMUP,
        )

    def resets_momentum_at(self, epoch: int | Array) -> Array:
        """Returns whether the momentum is set to zero before the epoch with this index."""
        return jnp.logical_and(self.resets_momentum, epoch == self.drop_epoch)
