"""Winograd's convolution of rows, F(4, 3), with half the multiplications.

Four outputs of a filter with three taps take six products instead of twelve:
``y = Aᵀ[(G g) ⊙ (Bᵀ d)]`` for six inputs ``d`` and taps ``g``. Applied to the rows of images, it
turns a convolution with three kernel rows into six with one, each on a quarter of the rows; columns
and channels are unchanged. Applied to rows and columns it would take a quarter of the
multiplications, but its transforms would cost the savings and rounding errors would double
(docs/PERFORMANCE.md).

The same matrices give the derivative by the kernel: ``Gᵀ[(Bᵀ d) ⊙ (A dy)]``.

Winograd, "Arithmetic Complexity of Computations", SIAM 1980; Lavin and Gray, "Fast Algorithms for
Convolutional Neural Networks", CVPR 2016.
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from medjax.types import Array

KERNEL_ROWS = 3
_TILE = 4  # output rows that are computed together
_G = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)


def split_images(images: Array, *, before: int, rows: int) -> list[Array]:
    """Computes ``Bᵀ d`` of every six rows, four apart: six arrays ``[n, ⌈rows / 4⌉, w, c]``.

    ``images`` are ``[n, h, w, c]``, with ``before`` rows of zeros above (negative crops); ``rows``
    is the number of output rows.
    """
    n, h, w, c = images.shape
    tiles = -(-rows // _TILE)
    after = _TILE * (tiles + 1) - before - h  # rows that no output uses are zero
    zero = jnp.zeros((), images.dtype)
    padded = lax.pad(images, zero, [(0, 0, 0), (before, after, 0), (0, 0, 0), (0, 0, 0)])
    padded = padded.reshape(n, tiles + 1, _TILE, w, c)
    d0, d1, d2, d3 = (padded[:, :-1, row] for row in range(_TILE))
    d4, d5 = (padded[:, 1:, row] for row in range(2))
    a, b = d4 - 4 * d2, d3 - 4 * d1
    p, q = d4 - d2, 2 * (d3 - d1)
    return [4 * d0 - 5 * d2 + d4, a + b, a - b, p + q, p - q, 4 * d1 - 5 * d3 + d5]


def split_kernel(kernel: Array) -> Array:
    """Computes ``G g``, six kernels of one row: ``[3, k, c, o] -> [6, 1, k, c, o]``."""
    return jnp.einsum("ia,abco->ibco", jnp.asarray(_G, kernel.dtype), kernel)[:, None]


def join_images(parts: Sequence[Array], *, rows: int) -> Array:
    """Computes the output ``Aᵀ m``: six arrays ``[n, ⌈rows / 4⌉, w, o] -> [n, rows, w, o]``."""
    m0, m1, m2, m3, m4, m5 = parts
    n, tiles, w, o = m0.shape
    s, r, t, u = m1 + m2, m1 - m2, m3 + m4, m3 - m4
    four = [m0 + s + t, r + 2 * u, s + 4 * t, r + 8 * u + m5]
    # Joined as long rows, which the compiler copies at once.
    joined = jnp.concatenate([y.reshape(n * tiles, 1, w * o) for y in four], axis=1)
    return joined.reshape(n, _TILE * tiles, w, o)[:, :rows]


def split_cotangent(cotangent: Array) -> list[Array]:
    """Computes ``A dy``, the transpose of ``join_images``: ``[n, rows, w, o]`` to six arrays."""
    n, rows, w, o = cotangent.shape
    tiles = -(-rows // _TILE)
    padded = jnp.pad(cotangent, ((0, 0), (0, _TILE * tiles - rows), (0, 0), (0, 0)))
    y0, y1, y2, y3 = (padded.reshape(n, tiles, _TILE, w, o)[:, :, row] for row in range(_TILE))
    s, t, p, q = y0 + y2, y1 + y3, y0 + 4 * y2, 2 * y1 + 8 * y3
    return [y0, s + t, s - t, p + q, p - q, y3]


def join_kernel(parts: Array) -> Array:
    """Computes the kernel's gradient ``Gᵀ m``: ``[6, 1, k, c, o] -> [3, k, c, o]``."""
    return jnp.einsum("ia,ibco->abco", jnp.asarray(_G, parts.dtype), parts[:, 0])
