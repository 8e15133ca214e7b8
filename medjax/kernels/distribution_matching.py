"""Distribution matching: the loss of DM, and squared MMD with any kernel."""

from collections.abc import Callable, Sequence

import chex
import jax.numpy as jnp
from jax import lax

from medjax.kernels.checks import assert_batch, assert_features
from medjax.kernels.chunking import chunked_sum
from medjax.kernels.losses import divide_by_weight, total_weight, weighted_mean, weighted_sum
from medjax.types import Array, AxisName, EmbedFn, Params

GramFn = Callable[[Array, Array], Array]
"""``(x [..., n, f], y [..., m, f]) -> [..., n, m]``, a kernel of each pair of rows."""


def mean_embedding(
    embed_fn: EmbedFn,
    params: Params,
    images: Array,
    *,
    weights: Array | None = None,
    chunk_size: int | None = None,
    axis_name: AxisName = None,
) -> Array:
    """Returns the mean feature of a batch, ``Σ w_i ψ_θ(x_i) / Σ w_i``.

    Args:
      embed_fn: ``(params, images) -> features``; each image's features must not depend on the
        others when ``chunk_size`` is given (no batch norm).
      params: the parameters θ.
      images: float ``[n, h, w, c]``, normalised.
      weights: float ``[n]``; a row of weight 0 does not count. Or ``[k, n]`` for ``k`` means of the
        same features.
      chunk_size: images per forward pass; ``None`` is all.
      axis_name: mesh axes over which the rows are divided; every device returns the mean of the
        whole batch.

    Returns:
      Float ``[f]``, or ``[k, f]``; 0 where all weights are 0.

    Raises:
      AssertionError: images that are not float NHWC, or weights of another length.

    Example:
      >>> embed_fn = lambda params, images: images.reshape(len(images), -1)
      >>> mean_embedding(embed_fn, None, jnp.ones((3, 1, 2, 1)))
      Array([1., 1.], dtype=float32)
    """
    assert_batch(images, weights=weights)
    in_one = chunk_size is None or chunk_size >= len(images)
    if in_one and axis_name is None:
        return weighted_mean(embed_fn(params, images), weights)
    if weights is None:
        weights = jnp.ones(len(images), images.dtype)

    def chunk_sum(chunk: tuple[Array, Array]) -> Array:
        chunk_images, chunk_weights = chunk
        return weighted_sum(embed_fn(params, chunk_images), chunk_weights.T)

    summed = chunked_sum(chunk_sum, (images, weights.T), chunk_size=chunk_size)
    mean: Array = divide_by_weight(summed, weights, axis_name=axis_name)
    return mean


def mean_embedding_loss(
    embed_fn: EmbedFn,
    params: Params,
    real_images: Array,
    syn_images: Array,
    *,
    real_weights: Array | None = None,
    syn_weights: Array | None = None,
    chunk_size: int | None = None,
    syn_chunk_size: int | None = None,
    axis_name: AxisName = None,
) -> Array:
    """Returns the squared distance between a class's mean real and mean synthetic features.

    ``‖mean_i ψ_θ(real_i) − mean_j ψ_θ(syn_j)‖²``, summed over the features: squared MMD with the
    linear kernel. No gradient flows into the real side.

    Args:
      embed_fn, params: ``(params, images) -> features``, and its parameters θ.
      real_images, syn_images: float ``[n, h, w, c]`` and ``[m, h, w, c]``, normalised.
      real_weights, syn_weights: float ``[n]``, ``[m]``; a row of weight 0 does not count.
      chunk_size: real images per forward pass, see ``mean_embedding``.
      syn_chunk_size: synthetic images per pass, ``None`` is all; fewer are passed twice.
      axis_name: mesh axes over which the *real* rows alone are divided.

    Returns:
      A scalar, differentiable with respect to ``syn_images``.

    Raises:
      AssertionError: arrays of the wrong rank or length, or features of different widths.

    Example:
      >>> embed_fn = lambda params, images: images.reshape(len(images), -1)
      >>> mean_embedding_loss(embed_fn, None, jnp.ones((3, 1, 2, 1)), jnp.zeros((1, 1, 2, 1)))
      Array(2., dtype=float32)

    Zhao and Bilen, "Dataset Condensation with Distribution Matching", WACV 2023.
    """
    real = mean_embedding(
        embed_fn,
        *lax.stop_gradient((params, real_images)),
        weights=real_weights,
        chunk_size=chunk_size,
        axis_name=axis_name,
    )
    syn = mean_embedding(
        embed_fn, params, syn_images, weights=syn_weights, chunk_size=syn_chunk_size
    )
    chex.assert_equal_shape([real, syn])
    return jnp.sum(jnp.square(lax.stop_gradient(real) - syn))


def conditional_embedding_loss(
    embed_fn: EmbedFn,
    params: Params,
    real_images: Array,
    real_labels: Array,
    syn_images: Array,
    syn_labels: Array,
    *,
    real_weights: Array | None = None,
    syn_weights: Array | None = None,
    chunk_size: int | None = None,
    syn_chunk_size: int | None = None,
    axis_name: AxisName = None,
) -> Array:
    """Returns ``mean_embedding_loss`` of images with label rows, also given each label.

    With ``d(S) = ‖mean_{i: S} ψ_θ(real_i) − mean_{j: S} ψ_θ(syn_j)‖²`` over the images for
    which ``S`` holds, and ``q_lv`` the share of synthetic images whose label ``l`` is ``v``,
    ``(d(true) + Σ_l Σ_{v ∈ 0, 1} q_lv d(y_l = v)) / (1 + L)``. A term without a real image is 0.

    The mean of a whole group does not tell which synthetic image shows which finding; without the
    other terms, an image that starts as noise would not learn its own label row.

    Args:
      embed_fn, params, real_images, syn_images: see ``mean_embedding_loss``.
      real_labels, syn_labels: float ``[n, L]`` and ``[m, L]`` in ``[0, 1]``; an image with a label
        in between counts on both sides. Or int of 0, 1 and ``types.IGNORED``, on neither side.
      real_weights, syn_weights, chunk_size, syn_chunk_size, axis_name: see the same loss.

    Returns:
      A scalar, differentiable with respect to ``syn_images``.

    Raises:
      AssertionError: arrays of the wrong rank or length, or rows of different widths.

    Example:
      >>> embed_fn = lambda params, images: images.reshape(len(images), -1)
      >>> images, rows = jnp.array([0.0, 1.0]).reshape(2, 1, 1, 1), jnp.array([[0.0], [1.0]])
      >>> conditional_embedding_loss(embed_fn, None, images, rows, images[::-1], rows)
      Array(0.5, dtype=float32)
    """
    assert_batch(real_images, real_labels, weights=real_weights)
    assert_batch(syn_images, syn_labels, weights=syn_weights)
    chex.assert_shape([real_labels, syn_labels], (None, real_labels.shape[-1]))
    real_parts = _parts(real_images, real_labels, real_weights)
    syn_parts = _parts(syn_images, syn_labels, syn_weights)

    def counting(params: Params, images: Array) -> Array:
        # An extra feature, 1 for each image, has mean 0 only where no image counts on any device.
        return jnp.pad(embed_fn(params, images), ((0, 0), (0, 1)), constant_values=1)

    counted = mean_embedding(
        counting,
        *lax.stop_gradient((params, real_images)),
        weights=real_parts,
        chunk_size=chunk_size,
        axis_name=axis_name,
    )
    real, found = counted[:, :-1], counted[:, -1] > 0
    syn = mean_embedding(embed_fn, params, syn_images, weights=syn_parts, chunk_size=syn_chunk_size)
    chex.assert_equal_shape([real, syn])
    shares = jnp.where(found, jnp.sum(syn_parts, axis=1), 0) / total_weight(syn_parts[0])
    squares = jnp.sum(jnp.square(lax.stop_gradient(real) - syn), axis=1)
    return jnp.sum(shares * squares) / (1 + real_labels.shape[1])


def _parts(images: Array, labels: Array, weights: Array | None) -> Array:
    """Weights of all rows, of those with each label, and of those without: ``[1 + 2·L, n]``."""
    shown, absent = labels, 1 - labels
    if jnp.issubdtype(labels.dtype, jnp.integer):
        shown, absent = ((labels == value).astype(images.dtype) for value in (1, 0))
    ones = jnp.ones((1, len(labels)), shown.dtype)
    parts = jnp.concatenate([ones, shown.T, absent.T])
    return parts if weights is None else parts * weights[None]


def linear(x: Array, y: Array) -> Array:
    """Returns the linear kernel, ``k(x, y) = ⟨x, y⟩``.

    Args:
      x, y: float ``[..., n, f]``, ``[..., m, f]``.

    Returns:
      Float ``[..., n, m]``.

    Raises:
      AssertionError: features of different widths or leading axes.

    Example:
      >>> linear(jnp.ones((2, 3)), jnp.ones((1, 3)))
      Array([[3.],
             [3.]], dtype=float32)
    """
    assert_features(x, y)
    return x @ jnp.swapaxes(y, -1, -2)


def rbf(bandwidths: Sequence[float]) -> GramFn:
    """Makes a Gaussian kernel averaged over bandwidths, ``mean_σ exp(−‖x − y‖² / 2σ²)``.

    Args:
      bandwidths: the σ, each above 0, in units of the features.

    Returns:
      ``(x [..., n, f], y [..., m, f]) -> [..., n, m]``; it checks shapes like ``linear``.

    Raises:
      ValueError: without a bandwidth, or with one that is not above 0.

    Example:
      >>> rbf([1.0])(jnp.zeros((1, 3)), jnp.zeros((1, 3)))
      Array([[1.]], dtype=float32)
    """
    if not bandwidths or min(bandwidths) <= 0:
        raise ValueError(f"bandwidths must be above 0, got {bandwidths!r}")

    def gram(x: Array, y: Array) -> Array:
        assert_features(x, y)
        differences = jnp.expand_dims(x, -2) - jnp.expand_dims(y, -3)
        squares = jnp.sum(jnp.square(differences), axis=-1)
        total = sum(jnp.exp(squares / (-2 * s * s)) for s in bandwidths)
        return jnp.divide(total, len(bandwidths))

    return gram


def mmd(
    real_features: Array,
    syn_features: Array,
    *,
    kernel: GramFn = linear,
    real_weights: Array | None = None,
    syn_weights: Array | None = None,
) -> Array:
    """Returns the squared maximum mean discrepancy, batched over leading axes.

    ``Σ_ij p_i p_j k(r_i, r_j) + Σ_ij q_i q_j k(s_i, s_j) − 2 Σ_ij p_i q_j k(r_i, s_j)`` with
    ``p`` and ``q`` the normalised weights (the biased estimate, never negative). With the linear
    kernel this is ``‖Σ p_i r_i − Σ q_j s_j‖²`` and computed so.

    Args:
      real_features, syn_features: float ``[..., n, f]``, ``[..., m, f]``; leading axes may be
        classes or networks.
      kernel: ``linear``, ``rbf(bandwidths)`` or any ``GramFn``.
      real_weights, syn_weights: float ``[..., n]``, ``[..., m]``; 0 is a row that does not count.

    Returns:
      Float ``[...]``, differentiable with respect to both features.

    Raises:
      AssertionError: features of different widths or leading axes, or weights of another shape.

    Example:
      >>> mmd(jnp.ones((2, 5, 3)), jnp.zeros((2, 1, 3)))
      Array([3., 3.], dtype=float32)

    Gretton et al., "A Kernel Two-Sample Test", JMLR 2012.
    """
    assert_features(real_features, syn_features)
    p = _normalised_weights(real_features, real_weights)
    q = _normalised_weights(syn_features, syn_weights)
    if kernel is linear:
        means = [
            jnp.einsum("...n,...nf->...f", w, x) for w, x in ((p, real_features), (q, syn_features))
        ]
        return jnp.sum(jnp.square(means[0] - means[1]), axis=-1)

    def mean(w: Array, gram: Array, v: Array) -> Array:
        return jnp.einsum("...n,...nm,...m->...", w, gram, v)

    return (
        mean(p, kernel(real_features, real_features), p)
        + mean(q, kernel(syn_features, syn_features), q)
        - 2 * mean(p, kernel(real_features, syn_features), q)
    )


def _normalised_weights(features: Array, weights: Array | None) -> Array:
    if weights is None:
        return jnp.full(features.shape[:-1], 1 / features.shape[-2], features.dtype)
    chex.assert_shape(weights, features.shape[:-1])
    return weights / jnp.expand_dims(total_weight(weights), -1)
