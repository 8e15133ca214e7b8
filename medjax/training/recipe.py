"""The recipe that evaluation networks are trained with."""

import dataclasses
import math

from medjax import augment, errors
from medjax.training.schedule import Schedule

_EPOCHS_PLAIN = 300
_EPOCHS_AUGMENTED = 1000
# Of the epochs and of the sum of learning rates; measured by benchmarks/fast_recipe.py.
_FAST_PARTS, _FAST_RATES = 5, 1 / 3
RECIPES = ("reference", "fast")
"""The names of recipes."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The training of a fresh network, with the defaults of the reference implementation.

    SGD over shuffled minibatches; the learning rate falls to a tenth half way.

    With ``parity`` the schedule equals the reference's exactly: ``epochs + 1`` epochs, and a new
    optimiser after the one with index ``epochs // 2 + 1``, so that the momentum restarts from
    zero. Otherwise there are ``epochs`` epochs, the lower rate starts at index ``epochs // 2``, and
    the momentum is kept.

    ``name="fast"`` makes a fifth of the epochs, at learning rates with a third of the sum: a rise
    over a tenth of these epochs, then a fall along a cosine to zero. ``epochs`` and
    ``learning_rate`` are still those of the reference, which it stands in for.

    Attributes:
      epochs: passes over the images; ``None`` is the reference's number, 1000 with augmentation
        and 300 without.
      learning_rate: of SGD.
      momentum: of SGD.
      weight_decay: of SGD, on all parameters, added to the gradient (not decoupled).
      batch_size: images per step; the last, smaller batch of an epoch is kept.
      augment: a DSA strategy such as ``"color_crop_cutout_flip_scale_rotate"``, with parameters
        for each image; DC's own, such as ``"dc_crop_scale_rotate"``, see ``augment.DCStrategy``;
        ``None`` or ``"none"`` for no augmentation.
      parity: whether to use the reference's schedule exactly.
      balanced: whether every class has the same weight in the training loss, whatever its number
        of images; with label rows, every group, see ``data.group_indices``, and with soft labels,
        every most probable class. Otherwise every image has the same weight.
      name: ``"reference"`` or ``"fast"``, one of ``RECIPES``.
      soft_labels: whether label rows are probabilities of classes that exclude each other, and not
        findings: the loss is then ``kernels.soft_cross_entropy``.

    Raises:
      UserError: a number is out of range, the strategy names an unknown operator, the name is
        unknown, or ``parity`` is asked of another recipe than the reference's.

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
    name: str = "reference"
    soft_labels: bool = False

    def __post_init__(self) -> None:
        if self.name not in RECIPES:
            raise errors.unknown("recipe", self.name, RECIPES)
        if self.parity and self.name != "reference":
            raise errors.UserError(f"parity needs the recipe 'reference', not {self.name!r}")
        strategy = augment.parse_augmentation(self.augment)
        if self.epochs is None:
            default = _EPOCHS_AUGMENTED if strategy.names else _EPOCHS_PLAIN
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
        """Returns the recipe's numbers epoch by epoch.

        Returns:
          A ``Schedule`` of Python numbers.

        Example:
          >>> Recipe(epochs=10).schedule()[:3], Recipe(epochs=10, parity=True).schedule()[:3]
          ((10, 5, False), (11, 7, True))
        """
        assert self.epochs is not None  # __post_init__ replaces None
        reference = Schedule(
            num_epochs=self.epochs + self.parity,
            drop_epoch=self.epochs // 2 + 2 * self.parity,
            resets_momentum=self.parity,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )
        if self.name == "fast":
            return reference.shortened(_FAST_PARTS, rates=_FAST_RATES)
        return reference
