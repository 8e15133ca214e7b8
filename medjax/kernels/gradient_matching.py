"""Gradient matching: the loss of DC and DSA."""

import jax
import jax.numpy as jnp
from jax import lax

from medjax.kernels.checks import assert_batch
from medjax.kernels.chunking import chunked_sum
from medjax.kernels.distances import columnwise_cosine
from medjax.kernels.losses import cross_entropy, divide_by_weight, known_weights
from medjax.types import ApplyFn, Array, AxisName, DistanceFn, LossFn, Params, varying_axes


def loss_gradient(
    apply_fn: ApplyFn,
    params: Params,
    images: Array,
    labels: Array,
    *,
    loss_fn: LossFn = cross_entropy,
    weights: Array | None = None,
    chunk_size: int | None = None,
    axis_name: AxisName = None,
) -> Params:
    """Returns the gradient of the training loss, ``∇_θ mean_i ℓ(f_θ(x_i), y_i)``.

    Args:
      apply_fn: ``(params, images) -> logits``; each image's logits must not depend on the others
        when ``chunk_size`` is given (no batch norm).
      params: the parameters θ.
      images: float ``[n, h, w, c]``, normalised.
      labels: int ``[n]``; or ``[n, L]`` of a multi-label set, float, or int with ignored ones.
      loss_fn: ``(logits, labels, *, weights) -> scalar``, a weighted mean over labels that count.
      weights: float ``[n]``; a row of weight 0 does not count.
      chunk_size: images per backward pass; the sum over chunks is the same gradient with the
        activations of one chunk only. ``None`` is one pass.
      axis_name: mesh axes over which the rows are divided; every device returns the gradient of
        the whole batch.

    Returns:
      A pytree like ``params``.

    Raises:
      AssertionError: images, labels and weights of the wrong rank or of different batches.

    Example:
      >>> apply_fn = lambda params, images: images.reshape(len(images), -1) @ params
      >>> loss_gradient(apply_fn, jnp.zeros((4, 2)), jnp.ones((3, 2, 2, 1)), jnp.zeros(3, int))
      Array([[-0.5,  0.5],
             [-0.5,  0.5],
             [-0.5,  0.5],
             [-0.5,  0.5]], dtype=float32)
    """
    assert_batch(images, labels, weights=weights)
    # Otherwise shard_map would sum the gradient of replicated parameters over the devices, once for
    # every chunk.
    params = _varying_like(params, images)
    in_one = chunk_size is None or chunk_size >= len(images)
    if in_one and axis_name is None:
        return jax.grad(lambda p: loss_fn(apply_fn(p, images), labels, weights=weights))(params)
    if weights is None:
        weights = jnp.ones(len(images), images.dtype)

    def chunk_gradient(chunk: tuple[Array, Array, Array]) -> Params:
        chunk_images, chunk_labels, chunk_weights = chunk
        total = jnp.sum(known_weights(chunk_labels, chunk_weights))
        return jax.grad(
            lambda p: (
                total * loss_fn(apply_fn(p, chunk_images), chunk_labels, weights=chunk_weights)
            )
        )(params)

    summed = chunked_sum(chunk_gradient, (images, labels, weights), chunk_size=chunk_size)
    return divide_by_weight(summed, known_weights(labels, weights), axis_name=axis_name)


def matching_loss(
    apply_fn: ApplyFn,
    params: Params,
    real_images: Array,
    real_labels: Array,
    syn_images: Array,
    syn_labels: Array,
    *,
    distance: DistanceFn = columnwise_cosine,
    loss_fn: LossFn = cross_entropy,
    real_weights: Array | None = None,
    syn_weights: Array | None = None,
    chunk_size: int | None = None,
    syn_chunk_size: int | None = None,
    axis_name: AxisName = None,
) -> Array:
    """Returns the distance between the gradients of a class's synthetic and real batches.

    ``D(∇_θ ℓ(real), ∇_θ ℓ(syn))`` with ``ℓ`` the mean training loss over the batch. No gradient
    flows into the real side.

    Args:
      apply_fn: ``(params, images) -> logits``.
      params: the parameters θ of the network.
      real_images, syn_images: float ``[n, h, w, c]``, ``[m, h, w, c]``, normalised.
      real_labels, syn_labels: int ``[n]``, ``[m]``; or float ``[n, L]``, ``[m, L]`` of a
        multi-label set, or int with ignored ones.
      distance: between two gradients.
      loss_fn: the training loss.
      real_weights, syn_weights: float ``[n]``, ``[m]``; a row of weight 0 does not count.
      chunk_size: real images per backward pass, see ``loss_gradient``.
      syn_chunk_size: synthetic images per pass, ``None`` is all; fewer are passed twice.
      axis_name: mesh axes over which the *real* rows alone are divided.

    Returns:
      A scalar, differentiable with respect to ``syn_images`` and ``syn_labels``.

    Raises:
      AssertionError: images, labels and weights of the wrong rank or of different batches.

    Example:
      >>> apply_fn = lambda params, images: images.reshape(len(images), -1) @ params
      >>> images, labels = jnp.ones((3, 2, 2, 1)), jnp.zeros(3, int)
      >>> matching_loss(apply_fn, jnp.zeros((4, 2)), images, labels, images, labels).round(4)
      Array(0., dtype=float32)

    Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021.
    """
    real = loss_gradient(
        apply_fn,
        *lax.stop_gradient((params, real_images, real_labels)),
        loss_fn=loss_fn,
        weights=real_weights,
        chunk_size=chunk_size,
        axis_name=axis_name,
    )
    syn = loss_gradient(
        *(apply_fn, params, syn_images, syn_labels),
        loss_fn=loss_fn,
        weights=syn_weights,
        chunk_size=syn_chunk_size,
    )
    return distance(lax.stop_gradient(real), syn)


def _varying_like(params: Params, images: Array) -> Params:
    def mark(x: Array) -> Array:
        axes = tuple(sorted(varying_axes(images) - varying_axes(x)))
        return lax.pcast(x, axes, to="varying") if axes else x

    return jax.tree.map(mark, params)
