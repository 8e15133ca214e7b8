"""Trajectory matching: the loss of MTT in its plain, full-batch form."""

import jax
from jax import lax

from medjax.kernels.distances import squared_error
from medjax.kernels.losses import softmax_cross_entropy
from medjax.types import ApplyFn, Array, Params


def trajectory_loss(
    apply_fn: ApplyFn,
    start_params: Params,
    target_params: Params,
    syn_images: Array,
    syn_labels: Array,
    learning_rate: Array,
    *,
    num_steps: int,
) -> Array:
    """How far training on the synthetic images ends from where an expert went.

    ``‖θ_N − θ*‖² / ‖θ_0 − θ*‖²`` over all parameters, with ``θ_{t+1} = θ_t − α ∇ℓ(θ_t)`` on the
    whole synthetic set. 1 is a student that did not move, 0 one that landed on the target.

    Args:
      apply_fn: ``(params, images) -> logits``.
      start_params: θ_0, the expert's parameters at some epoch.
      target_params: θ*, the expert's parameters some epochs later; must differ from θ_0.
      syn_images: float ``[m, h, w, c]``, normalised.
      syn_labels: int ``[m]``.
      learning_rate: α, a float scalar.
      num_steps: N, the gradient steps of the student.

    Returns:
      A scalar, differentiable by ``syn_images`` and ``learning_rate``.

    Example:
      >>> import jax.numpy as jnp
      >>> apply_fn = lambda params, images: images.reshape(len(images), -1) @ params
      >>> start, target = jnp.zeros((1, 2)), jnp.ones((1, 2))
      >>> images, labels, rate = jnp.ones((1, 1, 1, 1)), jnp.zeros(1, int), jnp.array(0.0)
      >>> trajectory_loss(apply_fn, start, target, images, labels, rate, num_steps=3)
      Array(1., dtype=float32)

    Cazenavette et al., "Dataset Distillation by Matching Training Trajectories", CVPR 2022.
    """

    def train_loss(params):
        return softmax_cross_entropy(apply_fn(params, syn_images), syn_labels)

    def sgd_step(params, _):
        gradients = jax.grad(train_loss)(params)
        return jax.tree.map(lambda p, g: p - learning_rate * g, params, gradients), None

    student, _ = lax.scan(sgd_step, start_params, length=num_steps)
    target_params = lax.stop_gradient(target_params)
    moved = squared_error(lax.stop_gradient(start_params), target_params)
    return squared_error(student, target_params) / moved
