"""Image sizes: 28 pixels are padded to 32, and a network refuses images that it would pool away."""

from medjax.errors import UserError
from medjax.types import Array


def padding_to_32(images: Array, padding: int) -> tuple[int, int]:
    """Returns a first convolution's padding of rows and columns: 2 more on sides of 28 pixels."""
    h, w = (padding + 2 if size == 28 else padding for size in images.shape[1:3])
    return h, w


def require_size(images: Array, name: str, *, least: int) -> None:
    """Raises a ``UserError`` for images with a side below ``least``; 28 pixels count as 32."""
    h, w = images.shape[1:3]
    if any((32 if size == 28 else size) < least for size in (h, w)):
        raise UserError(f"{name} needs images of at least {least}×{least}, got {h}×{w}")
