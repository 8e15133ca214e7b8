"""DC's own augmentation, in the training of networks that score a synthetic set.

Each image of a batch gets one operator and parameters of its own; DSA draws one operator for the
whole batch. Pixels that become empty get the mean of the batch, except that ``scale`` leaves zero.

Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021; the paper's code.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
from jax import lax

from medjax.augment import dc_ops
from medjax.augment.names import check_names
from medjax.types import Array, PRNGKey

CROP = 4
"""Pixels that are padded on each side before the crop."""
SCALE = 0.2
DEGREES = 45
NOISE = 0.001


class DCDraw(NamedTuple):
    """The choice of an operator and of its parameters for each image.

    Attributes:
      op: int32 ``[n]``, the index of the operator among the strategy's names.
      units: float32 ``[n, 2]``, uniform in [0, 1): the parameters in units of their ranges.
      noise: PRNG keys ``[n]``, of the noise of each image.
    """

    op: Array
    units: Array
    noise: PRNGKey


class _One(NamedTuple):
    """The parameters of one image, and the mean of its batch ``[c]``."""

    units: Array
    noise: PRNGKey
    mean: Array


def _integer(unit: Array, low: int, high: int) -> Array:
    """Uniform over low … high−1."""
    return low + jnp.floor(unit * (high - low)).astype(jnp.int32)


def _crop(one: _One, image: Array) -> Array:
    # The reference never draws the last of the 2·CROP + 1 places.
    dy, dx = (_integer(unit, -CROP, CROP) for unit in one.units)
    return dc_ops.crop(image, dy, dx, fill=one.mean)


def _scale(one: _One, image: Array) -> Array:
    factors = 1 - SCALE + 2 * SCALE * one.units
    height, width = (
        jnp.floor(factor * size).astype(jnp.int32)
        for factor, size in zip(factors, image.shape[:2], strict=True)
    )
    return dc_ops.resize(image, height, width)


def _rotate(one: _One, image: Array) -> Array:
    degrees = _integer(one.units[0], -DEGREES, DEGREES)
    return dc_ops.rotate(image, degrees.astype(image.dtype), fill=one.mean.mean())


def _noise(one: _One, image: Array) -> Array:
    return image + NOISE * jax.random.normal(one.noise, image.shape, image.dtype)


_OPERATORS: dict[str, Callable[[_One, Array], Array]] = {
    "crop": _crop,
    "scale": _scale,
    "rotate": _rotate,
    "noise": _noise,
}


@dataclasses.dataclass(frozen=True)
class DCStrategy:
    """Operators of which each image gets one, all equally likely.

    The ranges are the reference's:

    * ``crop``: a shift of −4 to 3 whole pixels per axis, the mean of the batch outside;
    * ``scale``: each axis to 0.8 to 1.2 of its pixels, independently, by nearest neighbours;
    * ``rotate``: whole degrees from −45° to 44°, by a cubic spline, the mean of the batch outside;
    * ``noise``: normal with a standard deviation of 0.001.

    The means are those of the channels, for ``rotate`` their mean. Hashable, so it may be a static
    argument of a jitted function.

    Attributes:
      names: the operators, without repetition.

    Raises:
      UserError: an unknown or repeated name.

    Example:
      >>> DCStrategy(("crop", "noise"))
      DCStrategy(names=('crop', 'noise'))
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        check_names("DC", self.names, _OPERATORS)

    @property
    def needs_batch(self) -> bool:
        """True: the mean of the batch fills what is outside of an image."""
        return True

    def sample_per_image(self, key: PRNGKey, n: int) -> DCDraw:
        """Draws an operator and its parameters for each image.

        Args:
          key: a typed PRNG key.
          n: the number of images of the batch that it will be applied to.

        Returns:
          A draw for ``n`` images.

        Example:
          >>> draw = DCStrategy(("crop", "noise")).sample_per_image(jax.random.key(0), 4)
          >>> draw.op.shape, draw.units.shape, draw.noise.shape
          ((4,), (4, 2), (4,))
        """
        key_op, key_units, key_noise = jax.random.split(key, 3)
        op = jax.random.randint(key_op, (n,), 0, len(self.names), jnp.int32)
        # Always float32, so that a seed means the same transforms in every precision.
        units = jax.random.uniform(key_units, (n, 2), jnp.float32)
        return DCDraw(op, units, jax.random.split(key_noise, n))

    def apply(self, draw: DCDraw, images: Array) -> Array:
        """Transforms the images of a batch as drawn.

        All operators run on all images, because each image has its own.

        Args:
          draw: from ``sample_per_image`` with as many images as here.
          images: float ``[n, h, w, c]``, normalised: the whole batch, whose mean fills.

        Returns:
          Images of the same shape and dtype.

        Raises:
          AssertionError: a draw for another number of images, or of another shape or dtype.

        Example:
          >>> strategy, images = DCStrategy(("crop",)), jnp.ones((2, 8, 8, 1))
          >>> draw = strategy.sample_per_image(jax.random.key(0), 2)
          >>> bool((strategy.apply(draw, images) == 1).all())
          True
        """
        chex.assert_rank(images, 4)
        chex.assert_type([images, draw.op, draw.units], [float, int, float])
        chex.assert_shape([draw.op, draw.units], [(len(images),), (len(images), 2)])
        mean = images.mean((0, 1, 2))
        branches = [_OPERATORS[name] for name in self.names]

        def transform(op: Array, units: Array, noise: PRNGKey, image: Array) -> Array:
            transformed: Array = lax.switch(op, branches, _One(units, noise, mean), image)
            return transformed

        return jax.vmap(transform)(*draw, images)
