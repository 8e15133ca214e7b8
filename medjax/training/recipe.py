"""How an evaluation network is trained: the numbers, their schedule and the optimiser."""

import dataclasses
import math
from typing import NamedTuple

import jax.numpy as jnp
import optax

from medjax import augment, errors
from medjax.types import Array

EPOCHS_PLAIN = 300
EPOCHS_AUGMENTED = 1000
DECAY = 0.1


class Schedule(NamedTuple):
    """A recipe's numbers as the training loop consumes them; all of them may be traced.

    Attributes:
      num_epochs: how many epochs run.
      drop_epoch: index of the first epoch at a tenth of the learning rate.
      resets_momentum: whether the momentum starts from zero at that epoch.
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
        """The learning rate of the epoch with this index."""
        return jnp.where(epoch < self.drop_epoch, 1.0, DECAY) * self.learning_rate

    def resets_momentum_at(self, epoch: int | Array) -> Array:
        """Whether the momentum is set to zero before the epoch with this index."""
        return jnp.logical_and(self.resets_momentum, epoch == self.drop_epoch)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a fresh network is trained, with the defaults of the field's reference.

    SGD over shuffled minibatches, the learning rate falling to a tenth half way.

    With ``parity`` the schedule is the reference's to the letter: ``epochs + 1`` epochs, and
    after the one with index ``epochs // 2 + 1`` a new optimiser, so that the momentum restarts
    from zero. Without, ``epochs`` epochs, the lower rate from index ``epochs // 2`` on, the
    momentum kept.

    Attributes:
      epochs: passes over the images; ``None`` stands for the reference's number, 1000 with
        augmentation and 300 without.
      learning_rate: of SGD.
      momentum: of SGD.
      weight_decay: of SGD, on all parameters, added to the gradient (not decoupled).
      batch_size: images a step; the last, smaller batch of an epoch is kept.
      augment: a DSA strategy such as ``"color_crop_cutout_flip_scale_rotate"``, drawn for every
        image separately; ``None`` or ``"none"`` for no augmentation.
      parity: whether to keep the reference's schedule exactly.
      balanced: whether every class has the same weight in the training loss, however many images it
        has; of label rows every group, see ``data.group_indices``. Otherwise every image.

    Raises:
      UserError: a number is out of range, or the strategy names an unknown operator.

    Example:
      >>> Recipe().epochs, Recipe(augment="color_crop").epochs
      (300, 1000)

    Zhao and Bilen, "Dataset Condensation with Differentiable Siamese Augmentation", ICML 2021.
    """

    epochs: int | None = None
    learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4
    batch_size: int = 256
    augment: str | None = None
    parity: bool = False
    balanced: bool = False

    def __post_init__(self):
        strategy = augment.parse_strategy(self.augment)
        if self.epochs is None:
            default = EPOCHS_AUGMENTED if strategy.names else EPOCHS_PLAIN
            object.__setattr__(self, "epochs", default)
        for name, least in (("epochs", 0), ("batch_size", 1)):
            value = getattr(self, name)
            if value != int(value) or value < least:
                raise errors.UserError(
                    f"{name} must be a whole number of at least {least}, not {value}"
                )
        for name in ("learning_rate", "momentum", "weight_decay"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise errors.UserError(f"{name} must be a finite number of at least 0, not {value}")

    def schedule(self) -> Schedule:
        """The recipe's numbers, epoch by epoch.

        Returns:
          A ``Schedule`` of Python numbers.

        Example:
          >>> Recipe(epochs=10).schedule()[:3], Recipe(epochs=10, parity=True).schedule()[:3]
          ((10, 5, False), (11, 7, True))
        """
        if self.parity:
            num_epochs, drop_epoch = self.epochs + 1, self.epochs // 2 + 2
        else:
            num_epochs, drop_epoch = self.epochs, self.epochs // 2
        return Schedule(
            num_epochs=num_epochs,
            drop_epoch=drop_epoch,
            resets_momentum=self.parity,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )


def sgd(
    learning_rate: float | Array, momentum: float | Array, weight_decay: float | Array
) -> optax.GradientTransformation:
    r"""SGD as PyTorch does it: the decay joins the gradient before the momentum.

    ``v ← μ v + (∇ + λ θ)``, ``θ ← θ − η v``. As ``η`` is applied outside ``v``, changing it keeps
    the momentum.

    Args:
      learning_rate: ``η``, a number or a traced scalar.
      momentum: ``μ``.
      weight_decay: ``λ``.

    Returns:
      An optax transformation; its ``update`` needs the parameters.

    Example:
      >>> optimizer = sgd(0.5, 0.9, 0.0)
      >>> updates, _ = optimizer.update(jnp.array(2.0), optimizer.init(jnp.array(1.0)), 1.0)
      >>> float(updates)
      -1.0
    """
    return optax.chain(
        optax.add_decayed_weights(weight_decay),
        optax.trace(momentum),
        optax.scale(-learning_rate),
    )
