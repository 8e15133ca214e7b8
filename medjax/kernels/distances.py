"""Distances between two gradients of the same network."""

import chex
import jax
import jax.numpy as jnp
from jax import lax

from medjax.types import Array, Params

_EPS = 1e-6


def columnwise_cosine(grads_a: Params, grads_b: Params) -> Array:
    """Returns the distance of gradient matching, one minus the cosine, per output unit.

    ``Σ_tensors Σ_o [1 − ⟨a_o, b_o⟩ / (‖a_o‖·‖b_o‖ + 1e-6)]``, where ``a_o`` are all entries of a
    tensor that feed output ``o`` (its last axis). Tensors of one axis (biases, norms) add
    nothing.

    Args:
      grads_a: a pytree of float arrays, output axis last (HWIO, in × out).
      grads_b: the same structure and shapes.

    Returns:
      A scalar; its gradients are finite where a column is zero.

    Raises:
      AssertionError: gradients of different structure or shapes.

    Example:
      >>> a = {"kernel": jnp.array([[1.0, 0.0], [0.0, 1.0]]), "bias": jnp.ones(2)}
      >>> b = {"kernel": jnp.array([[1.0, 1.0], [0.0, 0.0]]), "bias": jnp.zeros(2)}
      >>> columnwise_cosine(a, b).round(4)
      Array(1., dtype=float32)

    Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021, equation 9.
    """

    chex.assert_trees_all_equal_shapes(grads_a, grads_b)

    def tensor_distance(a: Array, b: Array) -> Array:
        if a.ndim < 2:
            return jnp.zeros((), a.dtype)
        a, b = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
        return jnp.sum(1 - _cosine_similarity(a, b))

    return _sum_leaves(jax.tree.map(tensor_distance, grads_a, grads_b))


def squared_error(grads_a: Params, grads_b: Params) -> Array:
    """Returns the squared Euclidean distance over all tensors, ``Σ (a − b)²``.

    Args:
      grads_a: a pytree of float arrays.
      grads_b: the same structure and shapes.

    Returns:
      A scalar.

    Raises:
      AssertionError: gradients of different structure or shapes.

    Example:
      >>> squared_error({"bias": jnp.ones(3)}, {"bias": jnp.zeros(3)})
      Array(3., dtype=float32)
    """
    chex.assert_trees_all_equal_shapes(grads_a, grads_b)
    return _sum_leaves(jax.tree.map(lambda a, b: jnp.sum(jnp.square(a - b)), grads_a, grads_b))


def cosine(grads_a: Params, grads_b: Params) -> Array:
    """Returns one minus the cosine of the whole gradients, each flattened to one vector.

    ``1 − ⟨a, b⟩ / (‖a‖·‖b‖ + 1e-6)``.

    Args:
      grads_a: a pytree of float arrays.
      grads_b: the same structure and shapes.

    Returns:
      A scalar; its gradients are finite at zero.

    Raises:
      AssertionError: gradients of different structure or shapes.

    Example:
      >>> cosine({"bias": jnp.ones(3)}, {"bias": -jnp.ones(3)}).round(4)
      Array(2., dtype=float32)
    """
    chex.assert_trees_all_equal_shapes(grads_a, grads_b)
    a, b = (jnp.concatenate([x.ravel() for x in jax.tree.leaves(g)]) for g in (grads_a, grads_b))
    return 1 - _cosine_similarity(a, b)


def conv_squared_error(grads_a: Params, grads_b: Params) -> Array:
    """Returns the squared Euclidean distance over the weights of convolutions, ``Σ (a − b)²``.

    Both sums, over the entries of a tensor and over the tensors, are plain sums and not means.
    Biases, norms and linear layers add nothing.

    Args:
      grads_a: a pytree of float arrays, of which those of four axes (HWIO) count.
      grads_b: the same structure and shapes.

    Returns:
      A scalar.

    Raises:
      AssertionError: gradients of different structure or shapes.
      ValueError: gradients without a convolution.

    Example:
      >>> a = {"conv": jnp.ones((3, 3, 1, 2)), "head": jnp.ones((2, 2))}
      >>> conv_squared_error(a, jax.tree.map(jnp.zeros_like, a))
      Array(18., dtype=float32)

    Kim et al., "Dataset Condensation via Efficient Synthetic-Data Parameterization", ICML 2022.
    """
    return squared_error(*_convolutions(grads_a, grads_b))


def conv_absolute_error(grads_a: Params, grads_b: Params) -> Array:
    """Returns the sum of absolute differences over the weights of convolutions, ``Σ |a − b|``.

    As in ``conv_squared_error``, no sum is a mean, and biases, norms and linear layers add nothing.

    Args:
      grads_a: a pytree of float arrays, of which those of four axes (HWIO) count.
      grads_b: the same structure and shapes.

    Returns:
      A scalar; its gradient is 0 where two entries are equal.

    Raises:
      AssertionError: gradients of different structure or shapes.
      ValueError: gradients without a convolution.

    Example:
      >>> a = {"conv": jnp.full((3, 3, 1, 2), 0.5), "head": jnp.ones((2, 2))}
      >>> conv_absolute_error(a, jax.tree.map(jnp.zeros_like, a))
      Array(9., dtype=float32)

    Kim et al., "Dataset Condensation via Efficient Synthetic-Data Parameterization", ICML 2022.
    """
    differences = jax.tree.map(jnp.subtract, *_convolutions(grads_a, grads_b))
    # The derivative of JAX's absolute value is 1 at zero, where the gradients of dead units are.
    signs = jax.tree.map(lambda x: lax.stop_gradient(jnp.sign(x)), differences)
    return _sum_leaves(jax.tree.map(lambda x, s: jnp.sum(x * s), differences, signs))


def _convolutions(grads_a: Params, grads_b: Params) -> tuple[list[Array], list[Array]]:
    """Returns the tensors of four axes of both gradients."""
    chex.assert_trees_all_equal_shapes(grads_a, grads_b)
    found = [[x for x in jax.tree.leaves(g) if x.ndim == 4] for g in (grads_a, grads_b)]
    if not found[0]:
        raise ValueError("the gradients have no tensor of four axes, as a convolution has")
    return found[0], found[1]


def _cosine_similarity(a: Array, b: Array) -> Array:
    """Returns the cosine along the first axis."""
    return jnp.sum(a * b, axis=0) / (_norm(a) * _norm(b) + _EPS)


def _norm(x: Array) -> Array:
    """The Euclidean norm along the first axis; its gradient at zero is zero, not NaN."""
    square = jnp.sum(jnp.square(x), axis=0)
    positive = square > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1)), 0)


def _sum_leaves(tree: Params) -> Array:
    return jax.tree.reduce(jnp.add, tree)
