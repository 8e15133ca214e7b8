"""Training losses: (weighted) means over a batch."""

from typing import Any

import chex
import jax
import jax.numpy as jnp
from jax import lax

from medjax.kernels.checks import assert_rows
from medjax.types import Array, AxisName


def weighted_mean(values: Array, weights: Array | None) -> Array:
    """Returns the mean over the leading axis, ``Σ w·v / Σ w``; 0 where all weights are 0.

    Args:
      values: float ``[n, …]``.
      weights: float ``[n]``, not negative, or ``[k, n]`` for ``k`` means at once; ``None`` weighs
        all rows equally.

    Returns:
      The mean, of shape ``values.shape[1:]``, or ``k`` of them.

    Raises:
      AssertionError: weights of another length.

    Example:
      >>> weighted_mean(jnp.array([1.0, 3.0, 100.0]), jnp.array([1.0, 1.0, 0.0]))
      Array(2., dtype=float32)
    """
    assert_rows(values, weights=weights)
    if weights is None:
        return jnp.mean(values, axis=0)
    mean: Array = divide_by_weight(weighted_sum(values, weights), weights)
    return mean


def weighted_sum(values: Array, weights: Array) -> Array:
    """Returns the sum over the leading axis, ``Σ w·v``, in full precision on every device.

    Values are ``[n, …]``, weights ``[n]``, or ``[k, n]`` for ``k`` sums at once.
    """
    return jnp.tensordot(weights, values, axes=1, precision="highest")


def total_weight(weights: Array) -> Array:
    """Returns the divisor of a weighted sum, ``Σ w`` over the last axis; 1 where all are 0."""
    total = jnp.sum(weights, axis=-1)
    return jnp.where(total > 0, total, 1)


def divide_by_weight(sums: Any, weights: Array, *, axis_name: AxisName = None) -> Any:
    """Returns weighted means from weighted sums, ``sums / Σ w``; 0 where all weights are 0.

    ``sums`` is a pytree, weights are ``[n]``, or ``[k, n]`` for ``k`` sums at once. With
    ``axis_name``, both are those of one device's rows, and the means those of all rows.
    """
    total = jnp.sum(weights, axis=-1)
    if axis_name is not None:
        sums, total = lax.psum((sums, total), axis_name)  # at once: one message
    total = jnp.where(total > 0, total, 1)
    return jax.tree.map(
        lambda x: x / total.reshape(total.shape + (1,) * (x.ndim - total.ndim)), sums
    )


def softmax_cross_entropy(logits: Array, labels: Array, *, weights: Array | None = None) -> Array:
    """Returns the cross entropy of integer labels, ``mean_i −log softmax(logits_i)[label_i]``.

    Args:
      logits: float ``[n, classes]``.
      labels: int ``[n]`` in ``0 … classes − 1``.
      weights: float ``[n]``, not negative; a row of weight 0 does not count.

    Returns:
      A scalar, the (weighted) mean over the batch.

    Raises:
      AssertionError: arrays of the wrong rank or length, or labels that are not integers.

    Example:
      >>> softmax_cross_entropy(jnp.zeros((1, 2)), jnp.array([0])).round(4)
      Array(0.6931, dtype=float32)
    """
    chex.assert_rank([logits, labels], [2, 1])
    chex.assert_type(labels, int)
    assert_rows(logits, labels, weights=weights)
    log_probabilities = jax.nn.log_softmax(logits)
    picked = jnp.take_along_axis(log_probabilities, labels[:, None], axis=1)[:, 0]
    return weighted_mean(-picked, weights)


def soft_cross_entropy(
    logits: Array, probabilities: Array, *, weights: Array | None = None
) -> Array:
    """Returns the cross entropy of soft labels, ``mean_i −Σ_c p_ic log softmax(logits_i)_c``.

    Of rows with a single 1 it is ``softmax_cross_entropy``.

    Args:
      logits: float ``[n, classes]``.
      probabilities: float ``[n, classes]``, rows of probabilities of classes that exclude each
        other, whose sum is 1.
      weights: float ``[n]``, not negative; a row of weight 0 does not count.

    Returns:
      A scalar, the (weighted) mean over the batch.

    Raises:
      AssertionError: logits and probabilities of different shapes, probabilities that are no
        floats, or weights of another length.

    Example:
      >>> soft_cross_entropy(jnp.zeros((1, 2)), jnp.array([[0.25, 0.75]])).round(4)
      Array(0.6931, dtype=float32)

    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015.
    """
    chex.assert_rank(logits, 2)
    chex.assert_equal_shape([logits, probabilities])
    chex.assert_type(probabilities, float)
    losses = -jnp.sum(probabilities * jax.nn.log_softmax(logits), axis=1)
    return weighted_mean(losses, weights)


def sigmoid_cross_entropy(logits: Array, labels: Array, *, weights: Array | None = None) -> Array:
    """Returns the binary cross entropy of each logit with its label, averaged over both axes.

    Args:
      logits: float ``[n, L]``.
      labels: float ``[n, L]`` in ``[0, 1]``; or int ``[n, L]`` of 0, 1 and ``types.IGNORED``,
        which does not count.
      weights: float ``[n]``, not negative; a row of weight 0 does not count.

    Returns:
      A scalar, the (weighted) mean over all labels that count; 0 if there are none.

    Raises:
      AssertionError: logits and labels of different shapes, or weights of another length.

    Example:
      >>> sigmoid_cross_entropy(jnp.zeros((1, 2)), jnp.array([[0.0, 1.0]])).round(4)
      Array(0.6931, dtype=float32)
    """
    chex.assert_rank(logits, 2)
    chex.assert_equal_shape([logits, labels])
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        losses = -labels * jax.nn.log_sigmoid(logits) - (1 - labels) * jax.nn.log_sigmoid(-logits)
        return weighted_mean(jnp.mean(losses, axis=1), weights)
    losses = -jax.nn.log_sigmoid(jnp.where(labels == 1, logits, -logits))
    weights = jnp.ones(len(labels), logits.dtype) if weights is None else weights
    counts = jnp.where(labels >= 0, weights[:, None], 0)
    return jnp.sum(counts * losses) / total_weight(counts.reshape(-1))


def known_weights(labels: Array, weights: Array) -> Array:
    """Returns the weight of each row in a mean over the labels that count.

    The mean over a batch is the mean of those over its parts, weighted by the sums of these.

    Args:
      labels: int ``[n]``, or ``[n, L]`` as for ``sigmoid_cross_entropy``.
      weights: float ``[n]``, those of the rows.

    Returns:
      Float ``[n]``, the weights times the share of labels that count.

    Example:
      >>> known_weights(jnp.array([[1, -1], [0, 1]]), jnp.array([2.0, 1.0]))
      Array([1., 1.], dtype=float32)
    """
    if labels.ndim == 1 or not jnp.issubdtype(labels.dtype, jnp.integer):
        return weights
    return weights * jnp.mean(labels >= 0, axis=1, dtype=weights.dtype)


def cross_entropy(logits: Array, labels: Array, *, weights: Array | None = None) -> Array:
    """Returns the cross entropy that fits the labels: softmax of numbers, sigmoid of rows.

    Args:
      logits: float ``[n, classes]``.
      labels: int ``[n]``, see ``softmax_cross_entropy``; or float ``[n, classes]`` in ``[0, 1]``,
        or int with ignored ones, see ``sigmoid_cross_entropy``.
      weights: float ``[n]``, not negative; a row of weight 0 does not count.

    Returns:
      A scalar, the (weighted) mean over the batch.

    Raises:
      AssertionError: arrays of the wrong rank, length or dtype.

    Example:
      >>> logits = jnp.array([[2.0, 0.0]])
      >>> one, rows = jnp.array([0]), jnp.array([[1.0, 0.0]])
      >>> cross_entropy(logits, one).round(4), cross_entropy(logits, rows).round(4)
      (Array(0.1269, dtype=float32), Array(0.41, dtype=float32))
    """
    loss_fn = softmax_cross_entropy if labels.ndim == 1 else sigmoid_cross_entropy
    return loss_fn(logits, labels, weights=weights)
