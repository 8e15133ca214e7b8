"""Differentiable siamese augmentation: operators and parameters for batches or images.

A ``Strategy`` names the operators to choose from. A ``Draw`` holds the choice and unit-interval
numbers, from which ``apply`` makes the parameters once it knows the image size; so one draw serves
batches of any number and size of images.

Zhao and Bilen, "Dataset Condensation with Differentiable Siamese Augmentation", ICML 2021.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax import lax

from medjax.augment import ops
from medjax.augment.names import DC_PREFIX, check_names
from medjax.errors import UserError
from medjax.types import Array, PRNGKey

SHIFT_RATIO = 0.125
CUTOUT_RATIO = 0.5
MAX_SCALE = 1.2
MAX_RADIANS = math.radians(15.0)


class Draw(NamedTuple):
    """One choice of operator and of its parameters.

    Attributes:
      op: int32 scalar, the index of the operator among the strategy's names.
      units: float32 ``[3]`` (one transform for any batch) or ``[n, 3]`` (one per image), uniform
        in [0, 1): the operator's parameters in units of their ranges. An operator uses the first
        one, two or three.
    """

    op: Array
    units: Array


def _portion(size: int, ratio: float) -> int:
    return int(size * ratio + 0.5)


def _integer(unit: Array, count: int) -> Array:
    """Uniform over 0 … count−1."""
    return jnp.floor(unit * count).astype(jnp.int32)


def _color(units: Array, images: Array) -> Array:
    images = ops.brightness(images, units[..., 0] - 0.5)
    images = ops.saturation(images, units[..., 1] * 2.0)
    return ops.contrast(images, units[..., 2] + 0.5)


def _crop(units: Array, images: Array) -> Array:
    reach = [_portion(size, SHIFT_RATIO) for size in images.shape[1:3]]
    shifts = [_integer(units[..., axis], 2 * r + 1) - r for axis, r in enumerate(reach)]
    return ops.translate(images, *shifts)


def _cutout(units: Array, images: Array) -> Array:
    sizes = images.shape[1:3]
    sides = [_portion(size, CUTOUT_RATIO) for size in sizes]
    # A square of even side has its centre between two pixels, hence one more place for it.
    places = [size + 1 - side % 2 for size, side in zip(sizes, sides, strict=True)]
    centre = [_integer(units[..., axis], count) for axis, count in enumerate(places)]
    return ops.cutout(images, *centre, size=(sides[0], sides[1]))


def _flip(units: Array, images: Array) -> Array:
    return ops.flip(images, units[..., 0] < 0.5)


def _scale(units: Array, images: Array) -> Array:
    factors = units * (MAX_SCALE - 1 / MAX_SCALE) + 1 / MAX_SCALE
    return ops.scale(images, factors[..., 0], factors[..., 1])


def _rotate(units: Array, images: Array) -> Array:
    return ops.rotate(images, (units[..., 0] * 2 - 1) * MAX_RADIANS)


_OPERATORS: dict[str, Callable[[Array, Array], Array]] = {
    "color": _color,
    "crop": _crop,
    "cutout": _cutout,
    "flip": _flip,
    "scale": _scale,
    "rotate": _rotate,
}


@dataclasses.dataclass(frozen=True)
class Strategy:
    """Operators of which each draw chooses one, all equally likely.

    The ranges are the reference's; sizes are those of the image along each axis:

    * ``color``: brightness ±0.5, then saturation 0 to 2, then contrast 0.5 to 1.5;
    * ``crop``: a shift of up to ±int(0.125·size + 0.5) whole pixels per axis;
    * ``cutout``: a square of side int(0.5·size + 0.5) centred anywhere in the image;
    * ``flip``: left–right, half the time;
    * ``scale``: 1/1.2 to 1.2 an axis, independently;
    * ``rotate``: ±15°.

    Hashable, so it may be a static argument of a jitted function.

    Attributes:
      names: the operators, without repetition; empty for no augmentation.

    Raises:
      UserError: an unknown or repeated name.

    Example:
      >>> Strategy(("crop", "flip"))
      Strategy(names=('crop', 'flip'))
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        check_names("DSA", self.names, _OPERATORS)

    def sample(self, key: PRNGKey) -> Draw:
        """Draws one transform for all images of any number of batches: the siamese mode.

        Args:
          key: a typed PRNG key.

        Returns:
          A draw with ``units`` of shape ``[3]``.

        Example:
          >>> draw = parse_strategy("crop_flip").sample(jax.random.key(0))
          >>> draw.units.shape
          (3,)
        """
        return self._draw(key, ())

    @property
    def needs_batch(self) -> bool:
        """False: each image is transformed alone."""
        return False

    def sample_per_image(self, key: PRNGKey, n: int) -> Draw:
        """Draws one operator for a batch and its parameters for each image.

        This is the mode for training a network, where no second batch needs the same transform.

        Args:
          key: a typed PRNG key.
          n: the number of images of the batch that it will be applied to.

        Returns:
          A draw with ``units`` of shape ``[n, 3]``.

        Example:
          >>> draw = parse_strategy("crop_flip").sample_per_image(jax.random.key(0), 4)
          >>> draw.units.shape
          (4, 3)
        """
        return self._draw(key, (n,))

    def apply(self, draw: Draw, images: Array) -> Array:
        """Transforms images as drawn.

        ``lax.switch`` runs only the drawn operator. Under ``vmap`` over draws all operators run and
        one result is kept; if this time matters, map over classes with ``lax.map``.

        Args:
          draw: from ``sample``, or from ``sample_per_image`` with as many images as here.
          images: float ``[n, h, w, c]``, normalised.

        Returns:
          Images of the same shape and dtype.

        Raises:
          UserError: a per-image draw for another number of images.
          AssertionError: a draw of another shape or dtype.

        Example:
          >>> dsa = parse_strategy("flip")
          >>> images = jnp.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)
          >>> dsa.apply(Draw(jnp.int32(0), jnp.array([0.2, 0.0, 0.0])), images).ravel().tolist()
          [3.0, 2.0, 1.0]
        """
        chex.assert_rank([draw.op, draw.units], [0, {1, 2}])
        chex.assert_type(draw, [int, float])
        chex.assert_axis_dimension(draw.units, -1, 3)
        if not self.names:
            return images
        branches = [_OPERATORS[name] for name in self.names]
        transformed: Array = lax.switch(draw.op, branches, draw.units, images)
        return transformed

    def _draw(self, key: PRNGKey, batch: tuple[int, ...]) -> Draw:
        key_op, key_units = jax.random.split(key)
        op = jax.random.randint(key_op, (), 0, max(len(self.names), 1), jnp.int32)
        # Always float32, so that a seed means the same transforms in every precision.
        return Draw(op, jax.random.uniform(key_units, (*batch, 3), jnp.float32))


def parse_strategy(text: str | None) -> Strategy:
    """Reads a DSA strategy such as ``"color_crop_cutout_flip_scale_rotate"``.

    Args:
      text: operator names joined by ``_``; ``"none"``, ``""`` or ``None`` for no augmentation.

    Returns:
      The strategy.

    Raises:
      UserError: an unknown or repeated name, or a strategy of DC, see ``parse_augmentation``.

    Example:
      >>> parse_strategy("color_crop").names
      ('color', 'crop')
      >>> parse_strategy("none").names
      ()
    """
    if text is None or text.lower() in ("", "none"):
        return Strategy(())
    if text.startswith(DC_PREFIX):
        raise UserError(
            f"{text} transforms each image alone, which is for the training of networks on a set; "
            "a set is distilled with a DSA strategy or none"
        )
    return Strategy(tuple(text.split("_")))
