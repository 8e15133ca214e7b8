"""Distances between the features of the real and of the synthetic images of a class."""

from typing import cast

import jax
import jax.numpy as jnp
from jax import lax

from medjax import kernels, planning
from medjax.kernels.losses import divide_by_weight, weighted_sum
from medjax.methods.matching import ClassBatch
from medjax.types import Array, AxisName, EmbedFn, Params, PRNGKey

NUM_FREQUENCIES = 4096
"""Frequencies of a characteristic distance; the reference's number."""

_CHARACTERISTIC_WEIGHT = 300.0
_WIDTHS = (0.5, 1.0, 2.0)
# Below it a deviation has no gradient: √x is infinitely steep at 0.
_LEAST_VARIANCE = 1e-12


def batch_features(
    embed: EmbedFn, params: Params, batch: ClassBatch, chunks: planning.Chunks
) -> tuple[Array, Array]:
    """Returns the features of the real and of the synthetic images, ``[b, f]`` and ``[m, f]``.

    No gradient flows into the real side.
    """
    real = kernels.batch_features(
        embed, *lax.stop_gradient((params, batch.real_images)), chunk_size=chunks.images
    )
    syn = kernels.batch_features(embed, params, batch.syn_images, chunk_size=chunks.synthetic)
    return lax.stop_gradient(real), syn


def normal_frequencies(key: PRNGKey, features: Array, *, count: int) -> Array:
    """Draws standard normal frequencies for features ``[..., f]``, ``[count, f]``."""
    return jax.random.normal(key, (count, features.shape[-1]), features.dtype)


def characteristic_loss(
    real_features: Array,
    syn_features: Array,
    frequencies: Array,
    *,
    real_weights: Array,
    syn_weights: Array,
    axis_name: AxisName,
) -> Array:
    """Returns 300 times the characteristic distance of features divided by their norms.

    Args:
      real_features, syn_features: float ``[b, f]``, ``[m, f]``.
      frequencies: float ``[k, f]``, for features of norm 1.
      real_weights, syn_weights: float ``[b]``, ``[m]``; 0 for padding.
      axis_name: mesh axes that divide the real rows.

    Returns:
      A scalar.
    """
    return _CHARACTERISTIC_WEIGHT * kernels.characteristic_distance(
        kernels.unit_rows(real_features),
        kernels.unit_rows(syn_features),
        frequencies,
        real_weights=real_weights,
        syn_weights=syn_weights,
        axis_name=axis_name,
    )


def deviations_loss(
    real_features: Array,
    syn_features: Array,
    *,
    real_weights: Array,
    syn_weights: Array,
    axis_name: AxisName,
) -> Array:
    """Returns ``‖σ_r − σ_s‖²`` of the standard deviations of each feature.

    Added to the loss of DM, ``‖μ_r − μ_s‖²``, it makes the squared Wasserstein distance of two
    normal distributions with these moments and independent features.

    Args:
      real_features, syn_features: float ``[b, f]``, ``[m, f]``.
      real_weights, syn_weights: float ``[b]``, ``[m]``; 0 for padding.
      axis_name: mesh axes that divide the real rows.

    Returns:
      A scalar; a feature that is the same in all images has no gradient.
    """
    real = _deviations(real_features, real_weights, axis_name)
    syn = _deviations(syn_features, syn_weights, None)
    return jnp.sum(jnp.square(real - syn))


def rbf_loss(
    real_features: Array,
    syn_features: Array,
    *,
    real_weights: Array,
    syn_weights: Array,
    axis_name: AxisName,
) -> Array:
    """Returns the squared MMD with Gaussian kernels as wide as the real features are apart.

    The widths are 0.5, 1 and 2 times ``√(mean_ij ‖r_i − r_j‖²)`` over the real images of the batch.
    Devices that divide the real rows gather all features.

    Args:
      real_features, syn_features: float ``[b, f]``, ``[m, f]``.
      real_weights, syn_weights: float ``[b]``, ``[m]``; 0 for padding.
      axis_name: mesh axes that divide the real rows.

    Returns:
      A scalar; where all real images are equal, the width is that of features 1 apart.
    """
    if axis_name is not None:
        real_features, real_weights = lax.all_gather(
            (real_features, real_weights), axis_name, tiled=True
        )
    centred = real_features - kernels.weighted_mean(real_features, real_weights)[None]
    squares = jnp.sum(jnp.square(centred), axis=1)
    apart = 2 * kernels.weighted_mean(squares, real_weights)
    scale = lax.rsqrt(jnp.where(apart > 0, apart, 1))
    return kernels.mmd(
        real_features * scale,
        syn_features * scale,
        kernel=kernels.rbf(_WIDTHS),
        real_weights=real_weights,
        syn_weights=syn_weights,
    )


def _deviations(features: Array, weights: Array, axis_name: AxisName) -> Array:
    """Returns the standard deviation of each feature, ``[f]``."""

    def mean(values: Array) -> Array:
        sums = weighted_sum(values, weights)
        return cast(Array, divide_by_weight(sums, weights, axis_name=axis_name))

    variance = mean(jnp.square(features - mean(features)[None]))
    return jnp.sqrt(jnp.maximum(variance, _LEAST_VARIANCE))
