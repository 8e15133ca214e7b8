"""Random crops of real images, and the choice of those with the lowest loss."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from medjax import data
from medjax.types import Array, PRNGKey

# Of the area of an image, as in torchvision's RandomResizedCrop.
_SMALLEST = 0.08
_IMAGES_PER_PIECE = 64


def crop(images: Array, boxes: Array) -> Array:
    """Cuts a box out of each image and enlarges it bilinearly to the size of the image.

    Args:
      images: float ``[n, h, w, c]``.
      boxes: float ``[n, 3]``: the side of the box as a part of the height and of the width, in
        ``(0, 1]``; and its place, as parts of the free rows above it and of the free columns left
        of it, in ``[0, 1]``.

    Returns:
      Float ``[n, h, w, c]``.

    Example:
      >>> images = jnp.arange(16.0).reshape(1, 4, 4, 1)
      >>> crop(images, jnp.array([[0.5, 1.0, 0.0]]))[0, ::3, ::3, 0]  # the lower left quarter
      Array([[ 7.  ,  8.25],
             [12.  , 13.25]], dtype=float32)
    """
    sides = jnp.asarray(images.shape[1:3], boxes.dtype)

    def one(image: Array, box: Array) -> Array:
        side, place = box[0], box[1:]
        start = place * (1 - side) * sides
        cut: Array = jax.image.scale_and_translate(
            *(image, image.shape, (0, 1)),
            jnp.broadcast_to(1 / side, (2,)),
            -start / side,
            method="linear",
        )
        return cut

    return jax.vmap(one)(images, boxes)


def random_boxes(key: PRNGKey, rows: Array, *, num_crops: int) -> Array:
    """Draws boxes for ``crop`` whose areas are uniform in 0.08–1, and their places uniform.

    Args:
      key: PRNG key; the boxes of an image are a function of the key and its row alone.
      rows: int ``[n]``, the rows of the images.
      num_crops: boxes of each image.

    Returns:
      Float32 ``[n, num_crops, 3]``.
    """

    def of_one(row: Array) -> Array:
        drawn = jax.random.uniform(jax.random.fold_in(key, row), (num_crops, 3), jnp.float32)
        side = jnp.sqrt(_SMALLEST + (1 - _SMALLEST) * drawn[:, :1])
        return jnp.concatenate([side, drawn[:, 1:]], axis=1)

    boxes: Array = jax.vmap(of_one)(rows)
    return boxes


def best_crops(
    key: PRNGKey,
    real: data.RealData,
    rows: Array,
    *,
    count: int,
    num_crops: int,
    loss: Callable[[Array], np.ndarray],
) -> tuple[Array, Array]:
    """Chooses images by the loss of the best of their crops.

    Args:
      key: PRNG key of the boxes.
      real: the training images.
      rows: int ``[n]``, the rows of the images to choose from.
      count: images to choose, at most ``n``.
      num_crops: random crops of each image.
      loss: ``crops [m, h, w, c] -> losses [m]``; crops are normalised. One that is not a number is
        the worst.

    Returns:
      ``(rows [count], boxes [count, 3])`` of the lowest losses, the lowest first. The first of
      equals is taken.
    """
    boxes, losses = random_boxes(key, rows, num_crops=num_crops), []
    for start in range(0, len(rows), _IMAGES_PER_PIECE):
        some = slice(start, start + _IMAGES_PER_PIECE)
        images = jnp.repeat(data.take(real, rows[some]), num_crops, axis=0)
        losses.append(loss(crop(images, boxes[some].reshape(-1, 3))))
    by_image = np.nan_to_num(np.concatenate(losses), nan=np.inf).reshape(-1, num_crops)
    best = by_image.argmin(axis=1)
    chosen = np.argsort(by_image.min(axis=1), kind="stable")[:count]
    return rows[chosen], boxes[chosen, best[chosen]]
