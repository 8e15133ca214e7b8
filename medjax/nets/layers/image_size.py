"""Image sizes: 28 pixels are padded to 32, and a network refuses images that it would pool away."""

from medjax.errors import UserError
from medjax.types import Array


def padding_to_32(images: Array, padding: int) -> tuple[int, int]:
    """Returns a first convolution's padding, which is 2 more along a side of 28 pixels.

    Args:
      images: ``[n, h, w, c]``.
      padding: zeros on both sides of the rows and columns of images of any other size.

    Returns:
      Zeros on both sides of the rows, and of the columns.

    Example:
      >>> import jax.numpy as jnp
      >>> padding_to_32(jnp.zeros((1, 28, 64, 1)), 1)
      (3, 1)
    """
    h, w = (padding + 2 if size == 28 else padding for size in images.shape[1:3])
    return h, w


def require_size(images: Array, name: str, *, least: int) -> None:
    """Checks that a network's pooling leaves something of the images.

    Args:
      images: ``[n, h, w, c]``.
      name: the network, as the message names it.
      least: the smallest side; 28 counts as 32, see ``padding_to_32``.

    Raises:
      UserError: a side is smaller.

    Example:
      >>> import jax.numpy as jnp
      >>> require_size(jnp.zeros((1, 28, 32, 1)), "a VGG11", least=32)
    """
    h, w = images.shape[1:3]
    if any((32 if size == 28 else size) < least for size in (h, w)):
        raise UserError(f"{name} needs images of at least {least}×{least}, got {h}×{w}")
