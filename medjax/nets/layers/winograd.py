"""Winograd's minimal filtering of rows, F(4, 3): half the multiplications of a convolution.

Four outputs of a filter of three taps take six products instead of twelve:
``y = Aᵀ[(G g) ⊙ (Bᵀ d)]`` for six inputs ``d`` and taps ``g``. Applied to the rows of images, it
makes of a convolution with three kernel rows six convolutions with one, on a quarter of the rows
each; the products over columns and channels stay what they were. Applied to rows and columns it
would take a quarter of the multiplications, but its transforms then take what is saved, and
rounding weighs twice as much (docs/PERFORMANCE.md).

The three matrices give the derivative by the kernel as well: ``Gᵀ[(Bᵀ d) ⊙ (A dy)]``.

Winograd, "Arithmetic Complexity of Computations", SIAM 1980; Lavin and Gray, "Fast Algorithms for
Convolutional Neural Networks", CVPR 2016.
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from medjax.types import Array

KERNEL_ROWS = 3
_TILE = 4  # rows of output that are computed together
_G = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)


def split_images(images: Array, *, before: int, rows: int) -> list[Array]:
    """``Bᵀ d`` of every six rows of images, four apart.

    Args:
      images: ``[n, h, w, c]``.
      before: rows of zeros above; negative cuts.
      rows: rows of the convolution's output.

    Returns:
      Six arrays ``[n, ⌈rows / 4⌉, w, c]``.

    Example:
      >>> [part.shape for part in split_images(jnp.ones((1, 8, 5, 2)), before=1, rows=8)][:2]
      [(1, 2, 5, 2), (1, 2, 5, 2)]
    """
    n, h, w, c = images.shape
    tiles = -(-rows // _TILE)
    after = _TILE * (tiles + 1) - before - h  # what is beyond the last output's rows counts nowhere
    zero = jnp.zeros((), images.dtype)
    padded = lax.pad(images, zero, [(0, 0, 0), (before, after, 0), (0, 0, 0), (0, 0, 0)])
    padded = padded.reshape(n, tiles + 1, _TILE, w, c)
    d0, d1, d2, d3 = (padded[:, :-1, row] for row in range(_TILE))
    d4, d5 = (padded[:, 1:, row] for row in range(2))
    a, b = d4 - 4 * d2, d3 - 4 * d1
    p, q = d4 - d2, 2 * (d3 - d1)
    return [4 * d0 - 5 * d2 + d4, a + b, a - b, p + q, p - q, 4 * d1 - 5 * d3 + d5]


def split_kernel(kernel: Array) -> Array:
    """``G g`` of a kernel's rows.

    Args:
      kernel: ``[3, k, c, o]``.

    Returns:
      ``[6, 1, k, c, o]``, six kernels of one row.

    Example:
      >>> split_kernel(jnp.ones((3, 3, 2, 5))).shape
      (6, 1, 3, 2, 5)
    """
    return jnp.einsum("ia,abco->ibco", jnp.asarray(_G, kernel.dtype), kernel)[:, None]


def join_images(parts: Sequence[Array], *, rows: int) -> Array:
    """``Aᵀ m``: the convolution's output from its six parts.

    Args:
      parts: six arrays ``[n, ⌈rows / 4⌉, w, o]``.
      rows: rows of the output.

    Returns:
      ``[n, rows, w, o]``.

    Example:
      >>> join_images([jnp.ones((1, 2, 5, 3))] * 6, rows=7).shape
      (1, 7, 5, 3)
    """
    m0, m1, m2, m3, m4, m5 = parts
    n, tiles, w, o = m0.shape
    s, r, t, u = m1 + m2, m1 - m2, m3 + m4, m3 - m4
    four = [m0 + s + t, r + 2 * u, s + 4 * t, r + 8 * u + m5]
    # Joined as long rows: the compiler copies those at once.
    joined = jnp.concatenate([y.reshape(n * tiles, 1, w * o) for y in four], axis=1)
    return joined.reshape(n, _TILE * tiles, w, o)[:, :rows]


def split_cotangent(cotangent: Array) -> list[Array]:
    """``A dy``: what ``join_images`` makes of the output's gradient, backwards.

    Args:
      cotangent: ``[n, rows, w, o]``.

    Returns:
      Six arrays ``[n, ⌈rows / 4⌉, w, o]``.

    Example:
      >>> split_cotangent(jnp.ones((1, 7, 5, 3)))[0].shape
      (1, 2, 5, 3)
    """
    n, rows, w, o = cotangent.shape
    tiles = -(-rows // _TILE)
    padded = jnp.pad(cotangent, ((0, 0), (0, _TILE * tiles - rows), (0, 0), (0, 0)))
    y0, y1, y2, y3 = (padded.reshape(n, tiles, _TILE, w, o)[:, :, row] for row in range(_TILE))
    s, t, p, q = y0 + y2, y1 + y3, y0 + 4 * y2, 2 * y1 + 8 * y3
    return [y0, s + t, s - t, p + q, p - q, y3]


def join_kernel(parts: Array) -> Array:
    """``Gᵀ``: the kernel's gradient from those of its six parts.

    Args:
      parts: ``[6, 1, k, c, o]``.

    Returns:
      ``[3, k, c, o]``.

    Example:
      >>> join_kernel(jnp.ones((6, 1, 3, 2, 5))).shape
      (3, 3, 2, 5)
    """
    return jnp.einsum("ia,ibco->abco", jnp.asarray(_G, parts.dtype), parts[:, 0])
