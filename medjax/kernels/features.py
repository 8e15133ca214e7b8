"""Features of a batch of images."""

import jax
import jax.numpy as jnp

from medjax.kernels.checks import assert_batch
from medjax.kernels.chunking import chunked_map
from medjax.types import Array, EmbedFn, Params

# The least squared norm that is divided by.
_LEAST = 1e-24


def batch_features(
    embed_fn: EmbedFn, params: Params, images: Array, *, chunk_size: int | None = None
) -> Array:
    """Returns the features of all images, computed a chunk at a time.

    Derivatives recompute each chunk, so that the activations of only one chunk are live.

    Args:
      embed_fn: ``(params, images) -> features``; each image's features must not depend on the
        others when ``chunk_size`` is given (no batch norm).
      params: the parameters.
      images: float ``[n, h, w, c]``, normalised.
      chunk_size: images per forward pass; ``None`` is all.

    Returns:
      Float ``[n, f]``.

    Raises:
      AssertionError: images that are not float NHWC.

    Example:
      >>> embed_fn = lambda params, images: images.reshape(len(images), -1)
      >>> batch_features(embed_fn, None, jnp.ones((3, 1, 2, 1)), chunk_size=2).shape
      (3, 2)
    """
    assert_batch(images)
    if chunk_size is None or chunk_size >= len(images):
        return embed_fn(params, images)

    def one(image: Array) -> Array:
        return embed_fn(params, image[None])[0]

    again = jax.checkpoint(one, prevent_cse=False)  # the loop already keeps the two apart
    features: Array = chunked_map(again, images, chunk_size=chunk_size)
    return features


def unit_rows(features: Array) -> Array:
    """Divides each row by its Euclidean norm.

    Args:
      features: float ``[..., f]``.

    Returns:
      The same shape; a row of norm 1e-12 or less is divided by 1e-12, so that zeros stay zero, with
      a finite gradient.

    Example:
      >>> unit_rows(jnp.array([[3.0, 4.0], [0.0, 0.0]]))
      Array([[0.6, 0.8],
             [0. , 0. ]], dtype=float32)
    """
    squares = jnp.sum(jnp.square(features), axis=-1, keepdims=True)
    return features * jax.lax.rsqrt(jnp.maximum(squares, _LEAST))
