"""Trajectory matching of high order: easy parameters first, and the shape of the way."""

from collections.abc import Sequence

import chex
import jax
import jax.numpy as jnp
from jax import lax

from medjax.types import Array, Params


def progressive_loss(
    start_params: Params,
    target_params: Params,
    student: Params,
    entered: Params,
    *,
    threshold: Array | float,
) -> tuple[Array, Params]:
    """Returns the trajectory loss over the elements that have entered, and which these are.

    ``Σ v (θ_N − θ*)² / Σ v (θ_0 − θ*)²`` over all elements, where ``v`` is 1 for an element that
    had entered before or whose squared error ``(θ_N − θ*)²`` is below the threshold.

    Args:
      start_params: θ_0, the expert's parameters at some epoch, a pytree.
      target_params: θ*, the expert's parameters some epochs later.
      student: θ_N, the student's parameters.
      entered: a pytree of bool arrays of the same shapes, the elements that had entered.
      threshold: the squared error below which an element enters.

    Returns:
      ``(loss, entered)``: a scalar, differentiable with respect to ``student``, 0 if no element
      has entered; and the elements that have entered now. ``v`` and the denominator are constants.

    Raises:
      AssertionError: pytrees of different structure or shapes.

    Example:
      >>> start, target, student = jnp.zeros(2), jnp.ones(2), jnp.array([0.9, 0.0])
      >>> before = jnp.zeros(2, bool)
      >>> loss, entered = progressive_loss(start, target, student, before, threshold=0.1)
      >>> loss.round(4), entered
      (Array(0.01, dtype=float32), Array([ True, False], dtype=bool))

    Dong et al., "High-Order Progressive Trajectory Matching for Medical Image Dataset
    Distillation", MICCAI 2025.
    """
    chex.assert_trees_all_equal_shapes(start_params, target_params, student, entered)
    start_params, target_params = lax.stop_gradient((start_params, target_params))
    errors = jax.tree.map(lambda a, b: jnp.square(a - b), student, target_params)
    moved = jax.tree.map(lambda a, b: jnp.square(a - b), start_params, target_params)
    entered = jax.tree.map(lambda v, e: v | (e < threshold), entered, errors)

    def total(squares: Params) -> Array:
        sums = jax.tree.map(lambda v, e: jnp.sum(jnp.where(v, e, 0)), entered, squares)
        return jax.tree.reduce(jnp.add, sums)

    way = total(moved)
    return total(errors) / jnp.where(way > 0, way, 1), entered


def shape_loss(student: Sequence[Params], expert: Sequence[Params]) -> Array:
    """Returns the difference of the angles of two ways through the space of parameters.

    ``mean_{i,j,k} h(cos(s_j − s_i, s_k − s_i) − cos(e_j − e_i, e_k − e_i))`` over all points ``s``
    of the student and ``e`` of the expert, with the smooth absolute value ``h(x) = x²/2`` up to 1
    and ``|x| − 1/2`` above. The cosine with a vector of zeros is 0.

    Args:
      student: points of the student's way, pytrees: start, middle and end.
      expert: as many points of the expert's way.

    Returns:
      A scalar, differentiable with respect to ``student``, finite where it does not move; 0 for
      ways of the same shape, whatever their size.

    Raises:
      AssertionError: different numbers of points, or pytrees of different structure or shapes.

    Example:
      >>> bent = [jnp.array([0.0, 0.0]), jnp.array([1.0, 0.0]), jnp.array([1.0, 1.0])]
      >>> shape_loss([2 * point for point in bent], bent).round(4)
      Array(0., dtype=float32)

    Dong et al., "High-Order Progressive Trajectory Matching for Medical Image Dataset
    Distillation", MICCAI 2025.
    """
    chex.assert_equal(len(student), len(expert))
    chex.assert_trees_all_equal_shapes(*student, *expert)
    apart = jnp.abs(_cosines(student) - lax.stop_gradient(_cosines(expert)))
    return jnp.mean(jnp.where(apart < 1, jnp.square(apart) / 2, apart - 0.5))


def _cosines(points: Sequence[Params]) -> Array:
    """Returns the cosine of the angle at each point between each two others, ``[n, n, n]``."""
    rows = [jnp.concatenate([x.ravel() for x in jax.tree.leaves(point)]) for point in points]
    stacked = jnp.stack(rows)
    ways = stacked[None] - stacked[:, None]
    squares = jnp.sum(jnp.square(ways), axis=-1, keepdims=True)
    # The square root has no slope at zero, where a point is compared with itself.
    units = jnp.where(squares > 0, ways * lax.rsqrt(jnp.where(squares > 0, squares, 1)), 0)
    return jnp.einsum("ijp,ikp->ijk", units, units, precision="highest")
