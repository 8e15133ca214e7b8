"""Trajectory matching: the loss of MTT."""

import chex
from jax import lax

from medjax.kernels.distances import squared_error
from medjax.kernels.losses import cross_entropy
from medjax.kernels.student import BatchFn, train_student
from medjax.types import ApplyFn, Array, LossFn, Params


def trajectory_loss(
    apply_fn: ApplyFn,
    start_params: Params,
    target_params: Params,
    syn_images: Array,
    syn_labels: Array,
    learning_rate: Array,
    *,
    num_steps: int,
    batch_fn: BatchFn | None = None,
    loss_fn: LossFn = cross_entropy,
    unroll: str = "stored",
) -> Array:
    """Returns the distance between a student of the synthetic images and an expert.

    ``‖θ_N − θ*‖² / ‖θ_0 − θ*‖²`` over all parameters, with θ_N from ``train_student``. 1 is a
    student that did not move, 0 one that landed on the target.

    Args:
      apply_fn: ``(params, images) -> logits``.
      start_params: θ_0, the expert's parameters at some epoch.
      target_params: θ*, the expert's parameters some epochs later; must differ from θ_0.
      syn_images: float ``[m, h, w, c]``, normalised.
      syn_labels: int ``[m]``, or float ``[m, L]``: of a multi-label set, or as ``loss_fn`` takes
        them.
      learning_rate: α, a float scalar.
      num_steps: N, the gradient steps of the student.
      batch_fn: B_t, minibatch and augmentation of a step; a deterministic function of the step.
        ``None`` uses the whole set, unchanged.
      loss_fn: ℓ, the training loss of the student, ``(logits, labels) -> scalar``.
      unroll: ``stored``, ``recomputed`` or ``held``, on which the gradient depends and the value
        does not, see ``train_student``.

    Returns:
      A scalar, differentiable with respect to ``syn_images``, float ``syn_labels``,
      ``learning_rate`` and ``start_params``; the denominator is a constant. Only ``stored`` allows
      higher derivatives.

    Raises:
      ValueError: if ``unroll`` is unknown.
      AssertionError: arrays of the wrong rank or length, or parameters of different shapes.

    Example:
      >>> import jax.numpy as jnp
      >>> apply_fn = lambda params, images: images.reshape(len(images), -1) @ params
      >>> start, target = jnp.zeros((1, 2)), jnp.ones((1, 2))
      >>> images, labels, rate = jnp.ones((1, 1, 1, 1)), jnp.zeros(1, int), jnp.array(0.0)
      >>> trajectory_loss(apply_fn, start, target, images, labels, rate, num_steps=3)
      Array(1., dtype=float32)

    Cazenavette et al., "Dataset Distillation by Matching Training Trajectories", CVPR 2022.
    """
    chex.assert_trees_all_equal_shapes(start_params, target_params)
    student = train_student(
        apply_fn,
        start_params,
        syn_images,
        syn_labels,
        learning_rate,
        num_steps=num_steps,
        batch_fn=batch_fn,
        loss_fn=loss_fn,
        unroll=unroll,
    )
    target_params = lax.stop_gradient(target_params)
    moved = squared_error(lax.stop_gradient(start_params), target_params)
    return squared_error(student, target_params) / moved
