"""CutMix: a box of each image of a batch is that of another one."""

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from medjax.types import Array, PRNGKey


class CutMixDraw(NamedTuple):
    """One mixture for a batch of any size of images.

    Attributes:
      partners: int32 ``[n]``, the image that each image gets its box from; a permutation.
      mixes: bool scalar, whether there is a box at all.
      units: float32 ``[3]``, uniform in [0, 1): the area of the box and the row and column of its
        centre, in units of the image.
    """

    partners: Array
    mixes: Array
    units: Array


def sample_cutmix(key: PRNGKey, n: int, *, probability: float) -> CutMixDraw:
    """Draws a mixture for a batch.

    Args:
      key: a typed PRNG key.
      n: the number of images.
      probability: the probability that the batch is mixed, 0–1.

    Returns:
      A draw.

    Example:
      >>> draw = sample_cutmix(jax.random.key(0), 4, probability=0.5)
      >>> sorted(draw.partners.tolist())
      [0, 1, 2, 3]
    """
    order_key, coin_key, units_key = jax.random.split(key, 3)
    return CutMixDraw(
        partners=jax.random.permutation(order_key, jnp.arange(n, dtype=jnp.int32)),
        mixes=jax.random.uniform(coin_key, (), jnp.float32) < probability,
        units=jax.random.uniform(units_key, (3,), jnp.float32),
    )


def cutmix(images: Array, draw: CutMixDraw) -> tuple[Array, Array]:
    """Replaces a box of each image by that of its partner; all images have the same box.

    The box has the sides ``2⌊h√a / 2⌋`` and ``2⌊w√a / 2⌋`` for an area ``a``, and is cut at the
    borders. The loss of a mixed image is ``s ℓ(y) + (1 − s) ℓ(y_partner)``, where ``s`` is the
    share of the image that is left.

    Args:
      images: float ``[n, h, w, c]``.
      draw: from ``sample_cutmix``, for as many images.

    Returns:
      ``(images, share)``: float ``[n, h, w, c]``, and ``s``, a float scalar in 0–1.

    Raises:
      AssertionError: images that are not of rank 4, or a draw for another number of them.

    Example:
      >>> images = jnp.arange(2.0)[:, None, None, None] * jnp.ones((2, 4, 4, 1))
      >>> draw = CutMixDraw(jnp.array([1, 0]), jnp.array(True), jnp.array([0.25, 0.5, 0.5]))
      >>> mixed, share = cutmix(images, draw)
      >>> mixed[0, :, :, 0].sum(), share
      (Array(4., dtype=float32), Array(0.75, dtype=float32))

    Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable
    Features", ICCV 2019.
    """
    chex.assert_rank(images, 4)
    chex.assert_shape(draw.partners, (len(images),))
    side = jnp.sqrt(draw.units[0])
    rows, columns = (
        _inside(size, side, centre)
        for size, centre in zip(images.shape[1:3], draw.units[1:], strict=True)
    )
    box = (rows[:, None] & columns[None, :] & draw.mixes)[None, :, :, None]
    share = 1 - jnp.mean(box, dtype=images.dtype)
    return jnp.where(box, images[draw.partners], images), share


def _inside(size: int, side: Array, centre: Array) -> Array:
    """Returns whether each place along an axis is inside the box, bool ``[size]``."""
    half, middle = (jnp.floor(x).astype(jnp.int32) for x in (size * side / 2, size * centre))
    offsets = jnp.arange(size, dtype=jnp.int32) - middle
    return (-half <= offsets) & (offsets < half)
