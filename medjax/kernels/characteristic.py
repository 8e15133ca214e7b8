"""The distance between the characteristic functions of two sets of features."""

import chex
import jax.numpy as jnp

from medjax.kernels.checks import assert_features
from medjax.kernels.losses import divide_by_weight
from medjax.types import Array, AxisName

# The least squared phase term, below which it has no gradient: √x is infinitely steep at 0.
_LEAST = 1e-12


def characteristic_distance(
    real_features: Array,
    syn_features: Array,
    frequencies: Array,
    *,
    amplitude: float = 0.5,
    phase: float = 0.5,
    real_weights: Array | None = None,
    syn_weights: Array | None = None,
    axis_name: AxisName = None,
) -> Array:
    """Returns the distance between two characteristic functions, batched over leading axes.

    With ``Φ(t) = Σ_i p_i exp(i⟨t, x_i⟩)``, ``p`` the normalised weights, and ``a``, ``b`` the
    amplitude and phase,
    ``mean_t √(a(|Φ_r| − |Φ_s|)² + b·max(2(|Φ_r||Φ_s| − Re Φ_r Re Φ_s − Im Φ_r Im Φ_s), 1e-12))``.
    For ``a = b`` it is ``√a·mean_t |Φ_r(t) − Φ_s(t)|``, but for the bound.

    Args:
      real_features, syn_features: float ``[..., n, f]``, ``[..., m, f]``; leading axes may be
        classes or networks.
      frequencies: float ``[k, f]``, the ``t``, in the inverse unit of the features.
      amplitude: the weight of the difference of moduli, at least 0.
      phase: the weight of the difference of arguments, at least 0.
      real_weights, syn_weights: float ``[..., n]``, ``[..., m]``; 0 is a row that does not count.
      axis_name: mesh axes over which the *real* rows alone are divided; every device returns the
        distance of the whole batch.

    Returns:
      Float ``[...]``, differentiable with respect to both features and the frequencies, with a
      finite gradient where the sets are equal and where a Φ is 0.

    Raises:
      ValueError: for a weight below 0.
      AssertionError: features or frequencies of different widths, or arrays of another shape.

    Example:
      >>> features, frequencies = jnp.zeros((3, 2)), jnp.ones((4, 2))
      >>> characteristic_distance(features, features + jnp.pi / 2, frequencies).round(4)
      Array(1.4142, dtype=float32)

    Wang et al., "Dataset Distillation with Neural Characteristic Function: A Minmax Perspective",
    CVPR 2025.
    """
    if not (amplitude >= 0 and phase >= 0):
        raise ValueError(f"amplitude and phase must be at least 0, got {amplitude} and {phase}")
    assert_features(real_features, syn_features)
    chex.assert_shape(frequencies, (None, real_features.shape[-1]))
    real = _characteristic(real_features, frequencies, real_weights, axis_name)
    syn = _characteristic(syn_features, frequencies, syn_weights, None)
    moduli = [_safe_sqrt(re * re + im * im) for re, im in (real, syn)]
    product = sum(r * s for r, s in zip(real, syn, strict=True))
    phases = jnp.maximum(2 * (moduli[0] * moduli[1] - product), _LEAST)
    squares = amplitude * jnp.square(moduli[0] - moduli[1]) + phase * phases
    return jnp.mean(_safe_sqrt(squares), axis=-1)


def _characteristic(
    features: Array, frequencies: Array, weights: Array | None, axis_name: AxisName
) -> tuple[Array, Array]:
    """Returns the real and imaginary part of Φ, each ``[..., k]``."""
    if weights is None:
        weights = jnp.ones(features.shape[:-1], features.dtype)
    chex.assert_shape(weights, features.shape[:-1])
    # An angle is a sum over all features, of which half precision would leave two digits.
    angles = jnp.einsum("...nf,kf->...nk", features, frequencies, precision="highest")
    sums = tuple(
        jnp.einsum("...n,...nk->...k", weights, wave, precision="highest")
        for wave in (jnp.cos(angles), jnp.sin(angles))
    )
    re, im = divide_by_weight(sums, weights, axis_name=axis_name)
    return re, im


def _safe_sqrt(x: Array) -> Array:
    """``√x``, whose gradient at 0 is 0."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1)), 0)
