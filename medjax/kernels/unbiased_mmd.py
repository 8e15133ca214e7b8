"""The unbiased estimate of squared MMD, which is zero on average for two sets of one source."""

import jax.numpy as jnp

from medjax.kernels.checks import assert_features
from medjax.types import Array


def mmd_unbiased(x: Array, y: Array, *, bandwidth: float) -> Array:
    """Returns the unbiased squared maximum mean discrepancy, batched over leading axes.

    With ``k(a, b) = exp(−‖a − b‖² / 2σ²)`` and σ the bandwidth, it is the U-statistic
    ``Σ_{i≠j} k(x_i, x_j) / n(n − 1) + Σ_{i≠j} k(y_i, y_j) / m(m − 1) − 2 Σ_ij k(x_i, y_j) / nm``.
    No row is compared with itself, so the mean over all ways to split one population into the two
    sets is exactly 0, and single values may be negative. ``mmd`` compares rows with themselves
    too, and so calls a small set of the same source different: by ``(1 − mean k)/n`` for ``n``
    rows.

    Args:
      x, y: float ``[..., n, f]``, ``[..., m, f]``, with ``n`` and ``m`` at least 2; leading axes
        may be classes or draws.
      bandwidth: σ, above 0, in units of the features. It must not depend on the sets, or values of
        different sets cannot be compared.

    Returns:
      Float ``[...]``, between −2 and 2, differentiable with respect to both sets.

    Raises:
      ValueError: for a bandwidth that is not above 0, or a set of fewer than two rows.
      AssertionError: features of different widths or leading axes.

    Example:
      >>> x, y = jnp.array([[0.0], [2.0]]), jnp.array([[1.0], [1.0]])
      >>> mmd_unbiased(x, y, bandwidth=1.0).round(4)
      Array(-0.0777, dtype=float32)

    Gretton et al., "A Kernel Two-Sample Test", JMLR 2012, lemma 6.
    """
    assert_features(x, y)
    if not bandwidth > 0:
        raise ValueError(f"bandwidth must be above 0, got {bandwidth}")
    if min(x.shape[-2], y.shape[-2]) < 2:
        sizes = f"{x.shape[-2]} and {y.shape[-2]}"
        raise ValueError(f"both sets need two rows or more, got {sizes}")
    # Distances do not change, and their rounding is that of numbers around 0.
    centre = jnp.mean(y, axis=-2, keepdims=True)
    x, y = x - centre, y - centre
    within = _mean_of_others(_gram(x, x, bandwidth)) + _mean_of_others(_gram(y, y, bandwidth))
    return within - 2 * jnp.mean(_gram(x, y, bandwidth), axis=(-2, -1))


def _gram(x: Array, y: Array, bandwidth: float) -> Array:
    """Returns the kernel of each pair of rows, ``[..., n, m]``, without their differences."""
    products = jnp.einsum("...nf,...mf->...nm", x, y, precision="highest")
    squares = jnp.expand_dims(jnp.sum(x * x, axis=-1), -1) - 2 * products
    squares = squares + jnp.expand_dims(jnp.sum(y * y, axis=-1), -2)
    return jnp.exp(jnp.maximum(squares, 0) / (-2 * bandwidth * bandwidth))


def _mean_of_others(gram: Array) -> Array:
    """Returns the mean of the entries that are not on the diagonal."""
    rows = gram.shape[-1]
    others = jnp.where(jnp.eye(rows, dtype=bool), 0, gram)
    return jnp.sum(others, axis=(-2, -1)) / (rows * (rows - 1))
