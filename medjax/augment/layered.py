"""The strategies of IDC: some operators in every draw, and one of the others."""

import dataclasses

import jax
import jax.numpy as jnp

from medjax.augment.dsa import Draw, Strategy
from medjax.types import Array, PRNGKey

_BEFORE, _AFTER = ("flip", "color"), ("cutout",)


@dataclasses.dataclass(frozen=True)
class LayeredStrategy(Strategy):
    """Operators that follow each other: flip, color, one drawn from the others, and cutout.

    ``flip``, ``color`` and ``cutout`` are in every draw if they are named; a flip still happens
    half the time. The operators and their ranges are those of ``Strategy``. A draw has three units
    for each layer, ``[3·layers]`` or ``[n, 3·layers]``.

    Attributes:
      names: the operators, without repetition; empty for no augmentation.

    Raises:
      UserError: an unknown or repeated name.

    Example:
      >>> strategy = LayeredStrategy(("color", "crop", "cutout"))
      >>> draw = strategy.sample(jax.random.key(0))
      >>> draw.units.shape, strategy.apply(draw, jnp.ones((2, 8, 8, 1))).shape
      ((9,), (2, 8, 8, 1))

    Kim et al., "Dataset Condensation via Efficient Synthetic-Data Parameterization", ICML 2022.
    """

    @property
    def layers(self) -> tuple[Strategy, ...]:
        """The strategies that are applied in turn."""
        drawn = tuple(name for name in self.names if name not in _BEFORE + _AFTER)
        groups = (*((name,) for name in _BEFORE), drawn, *((name,) for name in _AFTER))
        return tuple(Strategy(group) for group in groups if group and set(group) <= {*self.names})

    def apply(self, draw: Draw, images: Array) -> Array:
        """Transforms images as drawn, see ``Strategy.apply``."""
        for place, layer in enumerate(self.layers):
            # A layer of one operator has no other to choose, whatever the draw says.
            units = draw.units[..., 3 * place : 3 * place + 3]
            images = layer.apply(Draw(draw.op, units), images)
        return images

    def _draw(self, key: PRNGKey, batch: tuple[int, ...]) -> Draw:
        key_op, key_units = jax.random.split(key)
        choices = max((len(layer.names) for layer in self.layers), default=1)
        op = jax.random.randint(key_op, (), 0, choices, jnp.int32)
        units = (*batch, 3 * len(self.layers))
        return Draw(op, jax.random.uniform(key_units, units, jnp.float32))
