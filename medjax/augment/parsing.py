"""The augmentation of a training set, by its text."""

from typing import Any, Protocol

from medjax.augment.dc import DCStrategy
from medjax.augment.dsa import parse_strategy
from medjax.augment.names import DC_PREFIX
from medjax.types import Array, PRNGKey


class Augmentation(Protocol):
    """What a network trains with: ``Strategy``, or ``DCStrategy``; hashable."""

    @property
    def names(self) -> tuple[str, ...]:
        """The operators; empty for no augmentation."""

    @property
    def needs_batch(self) -> bool:
        """Whether an image is transformed by the others of its batch, as by their mean."""

    def sample_per_image(self, key: PRNGKey, n: int) -> Any:
        """Draws the parameters for a batch of ``n`` images."""

    def apply(self, draw: Any, images: Array) -> Array:
        """Transforms a batch as drawn."""


def parse_augmentation(text: str | None) -> Augmentation:
    """Reads the augmentation of a training set: a strategy of DSA or, after ``dc_``, of DC.

    Args:
      text: as for ``parse_strategy``; or operators of ``DCStrategy`` joined by ``_`` after ``dc_``.

    Returns:
      The strategy.

    Raises:
      UserError: an unknown or repeated name.

    Example:
      >>> parse_augmentation("dc_crop_noise")
      DCStrategy(names=('crop', 'noise'))
      >>> parse_augmentation("crop_flip")
      Strategy(names=('crop', 'flip'))
    """
    if text is not None and text.startswith(DC_PREFIX):
        return DCStrategy(tuple(text.removeprefix(DC_PREFIX).split("_")))
    return parse_strategy(text)
