"""Distribution matching: the loss of DM, and squared MMD with any kernel."""

from collections.abc import Callable, Sequence

import jax.numpy as jnp
from jax import lax

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
    """The mean feature of a batch, ``Σ w_i ψ_θ(x_i) / Σ w_i``.

    Args:
      embed_fn: ``(params, images) -> features``; each image's features must not depend on the
        others when ``chunk_size`` is given (no batch norm).
      params: the parameters θ.
      images: float ``[n, h, w, c]``, normalised.
      weights: float ``[n]``; a row of weight 0 does not count. Or ``[k, n]`` for ``k`` means of the
        same features.
      chunk_size: images per forward pass; ``None`` is all.
      axis_name: mesh axes over which the rows are divided: each device has some of them, and the
        mean is that of the whole batch on each.

    Returns:
      Float ``[f]``, or ``[k, f]``; 0 where all weights are 0.

    Example:
      >>> embed_fn = lambda params, images: images.reshape(len(images), -1)
      >>> mean_embedding(embed_fn, None, jnp.ones((3, 1, 2, 1)))
      Array([1., 1.], dtype=float32)
    """
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
    """How far the mean feature of one class's synthetic images is from that of its real ones.

    ``‖mean_i ψ_θ(real_i) − mean_j ψ_θ(syn_j)‖²``, summed over the features: squared MMD with the
    linear kernel. No gradient flows into the real side.

    Args:
      embed_fn: ``(params, images) -> features``.
      params: the parameters θ of the network.
      real_images: float ``[n, h, w, c]``, normalised.
      syn_images: float ``[m, h, w, c]``, normalised.
      real_weights: float ``[n]``; a row of weight 0 does not count.
      syn_weights: float ``[m]``; likewise.
      chunk_size: real images per forward pass, see ``mean_embedding``.
      syn_chunk_size: synthetic images per pass, ``None`` is all; with fewer, each pass is made
        again to differentiate it.
      axis_name: mesh axes over which the *real* rows are divided; the synthetic ones are not.

    Returns:
      A scalar, differentiable by ``syn_images``.

    Example:
      >>> embed_fn = lambda params, images: images.reshape(len(images), -1)
      >>> mean_embedding_loss(embed_fn, None, jnp.ones((3, 1, 2, 1)), jnp.zeros((1, 1, 2, 1)))
      Array(2., dtype=float32)

    Zhao and Bilen, "Dataset Condensation with Distribution Matching", WACV 2023.
    """
    real = mean_embedding(
        embed_fn,
        lax.stop_gradient(params),
        lax.stop_gradient(real_images),
        weights=real_weights,
        chunk_size=chunk_size,
        axis_name=axis_name,
    )
    syn = mean_embedding(
        embed_fn, params, syn_images, weights=syn_weights, chunk_size=syn_chunk_size
    )
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
    """``mean_embedding_loss`` of images with label rows: given each label, too.

    With ``d(S) = ‖mean_{i: S} ψ_θ(real_i) − mean_{j: S} ψ_θ(syn_j)‖²`` over the images of which
    ``S`` is true, and ``q_lv`` the share of synthetic images of which label ``l`` is ``v``,
    ``(d(true) + Σ_l Σ_{v ∈ 0, 1} q_lv d(y_l = v)) / (1 + L)``. A term without a real image is 0.

    The mean of a group alone says nothing of which of its synthetic images shows which of the
    findings in the group: from noise, none would come to show what its row says.

    Args:
      embed_fn: ``(params, images) -> features``.
      params: the parameters θ of the network.
      real_images: float ``[n, h, w, c]``, normalised.
      real_labels: float ``[n, L]`` in ``[0, 1]``; between them an image counts on both sides.
      syn_images: float ``[m, h, w, c]``, normalised.
      syn_labels: float ``[m, L]`` likewise.
      real_weights: float ``[n]``; a row of weight 0 does not count.
      syn_weights: float ``[m]``; likewise.
      chunk_size: real images per forward pass, see ``mean_embedding``.
      syn_chunk_size: synthetic images per pass, ``None`` is all; with fewer, each pass is made
        again to differentiate it.
      axis_name: mesh axes over which the *real* rows are divided; the synthetic ones are not.

    Returns:
      A scalar, differentiable by ``syn_images``.

    Example:
      >>> embed_fn = lambda params, images: images.reshape(len(images), -1)
      >>> images, rows = jnp.array([0.0, 1.0]).reshape(2, 1, 1, 1), jnp.array([[0.0], [1.0]])
      >>> conditional_embedding_loss(embed_fn, None, images, rows, images[::-1], rows)
      Array(0.5, dtype=float32)
    """
    real_parts, syn_parts = _parts(real_labels, real_weights), _parts(syn_labels, syn_weights)
    # One more feature, a one for each image, is 0 in the mean of no image, on whatever device.
    counted = mean_embedding(
        lambda params, images: jnp.pad(
            embed_fn(params, images), ((0, 0), (0, 1)), constant_values=1
        ),
        lax.stop_gradient(params),
        lax.stop_gradient(real_images),
        weights=real_parts,
        chunk_size=chunk_size,
        axis_name=axis_name,
    )
    real, found = counted[:, :-1], counted[:, -1] > 0
    syn = mean_embedding(embed_fn, params, syn_images, weights=syn_parts, chunk_size=syn_chunk_size)
    shares = jnp.where(found, jnp.sum(syn_parts, axis=1), 0) / total_weight(syn_parts[0])
    squares = jnp.sum(jnp.square(lax.stop_gradient(real) - syn), axis=1)
    return jnp.sum(shares * squares) / (1 + real_labels.shape[1])


def _parts(labels: Array, weights: Array | None) -> Array:
    """Weights of all rows, of those with each label, and of those without: ``[1 + 2·L, n]``."""
    ones = jnp.ones((1, len(labels)), labels.dtype)
    parts = jnp.concatenate([ones, labels.T, 1 - labels.T])
    return parts if weights is None else parts * weights[None]


def linear(x: Array, y: Array) -> Array:
    """The linear kernel, ``k(x, y) = ⟨x, y⟩``.

    Args:
      x: float ``[..., n, f]``.
      y: float ``[..., m, f]``.

    Returns:
      Float ``[..., n, m]``.

    Example:
      >>> linear(jnp.ones((2, 3)), jnp.ones((1, 3)))
      Array([[3.],
             [3.]], dtype=float32)
    """
    return x @ jnp.swapaxes(y, -1, -2)


def rbf(bandwidths: Sequence[float]) -> GramFn:
    """Makes a Gaussian kernel averaged over bandwidths, ``mean_σ exp(−‖x − y‖² / 2σ²)``.

    Args:
      bandwidths: the σ, each above 0, in units of the features.

    Returns:
      ``(x [..., n, f], y [..., m, f]) -> [..., n, m]``.

    Raises:
      ValueError: without a bandwidth, or with one that is not above 0.

    Example:
      >>> rbf([1.0])(jnp.zeros((1, 3)), jnp.zeros((1, 3)))
      Array([[1.]], dtype=float32)
    """
    if not bandwidths or min(bandwidths) <= 0:
        raise ValueError(f"bandwidths must be above 0, got {bandwidths!r}")

    def gram(x: Array, y: Array) -> Array:
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
    """Squared maximum mean discrepancy, batched over leading axes.

    ``Σ_ij p_i p_j k(r_i, r_j) + Σ_ij q_i q_j k(s_i, s_j) − 2 Σ_ij p_i q_j k(r_i, s_j)`` with
    ``p`` and ``q`` the normalised weights (the biased estimate, never negative). With the linear
    kernel this is ``‖Σ p_i r_i − Σ q_j s_j‖²`` and computed so.

    Args:
      real_features: float ``[..., n, f]``; leading axes may be classes or networks.
      syn_features: float ``[..., m, f]``.
      kernel: ``linear``, ``rbf(bandwidths)`` or any ``GramFn``.
      real_weights: float ``[..., n]``; a row of weight 0 does not count.
      syn_weights: float ``[..., m]``; likewise.

    Returns:
      Float ``[...]``, differentiable by both features.

    Example:
      >>> mmd(jnp.ones((2, 5, 3)), jnp.zeros((2, 1, 3)))
      Array([3., 3.], dtype=float32)

    Gretton et al., "A Kernel Two-Sample Test", JMLR 2012.
    """
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
    return weights / jnp.expand_dims(total_weight(weights), -1)
