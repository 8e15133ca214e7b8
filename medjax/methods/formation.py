"""Multi-formation: one stored image holds several images at a part of their size."""

import chex
import jax
import jax.numpy as jnp

from medjax.errors import UserError
from medjax.types import Array, SyntheticSet


def decode(images: Array, *, factor: int) -> Array:
    """Cuts stored images into patches and enlarges each to a whole image.

    Image ``p·n + i`` is patch ``p`` of stored image ``i``, enlarged bilinearly with half-pixel
    centres. The ``factor²`` patches count row by row. A side that ``factor`` does not divide is
    first padded by zeros, at the right and at the bottom.

    Args:
      images: float ``[n, h, w, c]``, normalised.
      factor: patches along each side, at least 1; 1 returns the images as they are.

    Returns:
      Float ``[n·factor², h, w, c]``; linear in the images, so it differentiates through.

    Raises:
      UserError: for a factor below 1, or one that exceeds a side.
      AssertionError: for images that are not of rank 4.

    Example:
      >>> decode(jnp.arange(4.0).reshape(1, 2, 2, 1), factor=2)[:, 0, 0, 0]
      Array([0., 1., 2., 3.], dtype=float32)

    Kim et al., "Dataset Condensation via Efficient Synthetic-Data Parameterization", ICML 2022.
    """
    chex.assert_rank(images, 4)
    n, h, w, c = images.shape
    check_factor(factor, (h, w))
    if factor == 1:
        return images
    rows, columns = patch_size((h, w), factor)
    more = (rows * factor - h, columns * factor - w)
    padded = jnp.pad(images, ((0, 0), (0, more[0]), (0, more[1]), (0, 0)))
    patches = padded.reshape(n, factor, rows, factor, columns, c)
    patches = patches.transpose(1, 3, 0, 2, 4, 5).reshape(factor**2 * n, rows, columns, c)
    return _resized(patches, h, w)


def pack(images: Array, *, factor: int) -> Array:
    """Reduces images to patches and stores ``factor²`` of them as one, in the order of ``decode``.

    Args:
      images: float ``[n·factor², h, w, c]``.
      factor: patches along each side, at least 1.

    Returns:
      Float ``[n, h, w, c]``. A patch is the antialiased bilinear reduction of its image.

    Raises:
      UserError: for a factor below 1, or one that exceeds a side.
      AssertionError: if the number of images is not a multiple of ``factor²``.

    Example:
      >>> images = jnp.arange(4.0)[:, None, None, None] * jnp.ones((1, 4, 4, 1))
      >>> decode(pack(images, factor=2), factor=2)[:, 0, 0, 0].round(4)
      Array([0., 1., 2., 3.], dtype=float32)
    """
    chex.assert_rank(images, 4)
    count, h, w, c = images.shape
    check_factor(factor, (h, w))
    if factor == 1:
        return images
    chex.assert_is_divisible(count, factor**2)
    (rows, columns), n = patch_size((h, w), factor), count // factor**2
    patches = _resized(images, rows, columns)
    patches = patches.reshape(factor, factor, n, rows, columns, c).transpose(2, 0, 3, 1, 4, 5)
    return patches.reshape(n, factor * rows, factor * columns, c)[:, :h, :w]


def at_patch_size(images: Array, *, factor: int) -> Array:
    """Reduces images to the resolution of patches and enlarges them again, as storing them would.

    Args:
      images: float ``[n, h, w, c]``.
      factor: patches along each side, at least 1.

    Returns:
      Float ``[n, h, w, c]``; for a number of images that is a multiple of ``factor²``,
      ``decode(pack(images))``.

    Example:
      >>> at_patch_size(jnp.ones((1, 4, 4, 1)), factor=4)[0, 0, :, 0].round(4)
      Array([1., 1., 1., 1.], dtype=float32)
    """
    _, h, w, _ = images.shape
    return _resized(_resized(images, *patch_size((h, w), factor)), h, w)


def decode_set(syn: SyntheticSet, *, factor: int) -> SyntheticSet:
    """Decodes a synthetic set; the label of a stored image is that of all its patches.

    Args:
      syn: the stored images, int labels ``[n]`` or rows ``[n, L]``.
      factor: patches along each side, at least 1.

    Returns:
      The set of ``n·factor²`` images. The patches of an image follow each other, so the labels stay
      in order.

    Example:
      >>> syn = SyntheticSet(jnp.zeros((2, 4, 4, 1)), jnp.arange(2))
      >>> decode_set(syn, factor=2).labels
      Array([0, 0, 0, 0, 1, 1, 1, 1], dtype=int32)
    """
    images, patches = decode(syn.images, factor=factor), factor**2
    by_image = images.reshape(patches, -1, *images.shape[1:]).swapaxes(0, 1)
    return SyntheticSet(by_image.reshape(images.shape), jnp.repeat(syn.labels, patches, axis=0))


def repeated(rows: Array, *, factor: int) -> Array:
    """Repeats a row of each stored image for all its patches, in the order of ``decode``."""
    return jnp.concatenate([rows] * factor**2)


def patch_size(sides: tuple[int, int], factor: int) -> tuple[int, int]:
    """Returns the rows and columns of a patch."""
    return -(-sides[0] // factor), -(-sides[1] // factor)


def check_factor(factor: int, sides: tuple[int, int]) -> None:
    """Raises a ``UserError`` for a factor that cannot divide images of this height and width."""
    if factor != int(factor) or not 1 <= factor <= min(sides):
        raise UserError(f"factor must be a whole number from 1 to {min(sides)}, got {factor}")


def _resized(images: Array, rows: int, columns: int) -> Array:
    """Resizes bilinearly, with antialiasing where an image becomes smaller."""
    shape = len(images), rows, columns, images.shape[3]
    resized: Array = jax.image.resize(images, shape, "linear")
    return resized
