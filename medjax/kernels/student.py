"""A student: a network trained on the synthetic set, and three ways to differentiate its unroll."""

from collections.abc import Callable
from typing import Any

import chex
import jax
import jax.numpy as jnp
from jax import lax

from medjax.kernels.checks import assert_batch
from medjax.kernels.losses import cross_entropy
from medjax.types import ApplyFn, Array, LossFn, Params

BatchFn = Callable[[Array, Array, Array], tuple[Array, Array]]
"""``(step, images, labels) -> (images, labels)``: the student's batch in a step, made of the whole
synthetic set; differentiable with respect to the images."""

_Learned = tuple[Array, ...]
"""The images; with label rows, the labels as well."""
_Step = Callable[[Array, Params, _Learned, Array], Params]
_Student = Callable[[Params, _Learned, Array], Params]
_Pull = Callable[[tuple[Any, ...], Params], tuple[Any, ...]]


def train_student(
    apply_fn: ApplyFn,
    start_params: Params,
    syn_images: Array,
    syn_labels: Array,
    learning_rate: Array,
    *,
    num_steps: int,
    batch_fn: BatchFn | None = None,
    loss_fn: LossFn = cross_entropy,
    unroll: str = "stored",
) -> Params:
    """Trains a network on the synthetic set by plain gradient descent.

    ``θ_{t+1} = θ_t − α ∇ℓ(θ_t; B_t)`` on the batch ``B_t`` of the synthetic set. The parameters do
    not depend on ``unroll``. Their gradient does, as does its memory beside the activations of one
    step:

    * ``stored``: exact; keeps every θ_t, ``N`` copies of the parameters.
    * ``recomputed``: exact, in memory that does not grow with ``N``; the backward pass trains the
      student again up to every θ_t, ``N (N − 1) / 2`` more steps.
    * ``held``: in memory that does not grow with ``N``, by a second pass over the same steps. This
      is TESLA's gradient: it treats every θ_t as constant, and so ignores that an image also moves
      later students. It is exact for one step, and where the gradient of the training loss does not
      depend on the parameters.

    Args:
      apply_fn: ``(params, images) -> logits``.
      start_params: θ_0, a pytree.
      syn_images: float ``[m, h, w, c]``, normalised.
      syn_labels: int ``[m]``, or float ``[m, L]``: of a multi-label set, or as ``loss_fn`` takes
        them.
      learning_rate: α, a float scalar.
      num_steps: N, the gradient steps.
      batch_fn: B_t, minibatch and augmentation of a step; a deterministic function of the step.
        ``None`` uses the whole set, unchanged.
      loss_fn: ℓ, ``(logits, labels) -> scalar``.
      unroll: ``stored``, ``recomputed`` or ``held``.

    Returns:
      θ_N, differentiable with respect to ``syn_images``, float ``syn_labels``, ``learning_rate``
      and ``start_params``. Only ``stored`` allows higher derivatives.

    Raises:
      ValueError: if ``unroll`` is unknown.
      AssertionError: arrays of the wrong rank or length.

    Example:
      >>> apply_fn = lambda params, images: images.reshape(len(images), -1) @ params
      >>> images, labels, rate = jnp.ones((1, 1, 1, 1)), jnp.zeros(1, int), jnp.array(0.5)
      >>> train_student(apply_fn, jnp.zeros((1, 2)), images, labels, rate, num_steps=1)
      Array([[ 0.25, -0.25]], dtype=float32)

    Cui et al., "Scaling Up Dataset Distillation to ImageNet-1K with Constant Memory", ICML 2023
    (``held``).
    """
    if unroll not in _STUDENTS:
        raise ValueError(f"unknown unroll {unroll!r}; choose from: {', '.join(_STUDENTS)}")
    assert_batch(syn_images, syn_labels)
    chex.assert_rank(learning_rate, 0)
    numbers = jnp.issubdtype(syn_labels.dtype, jnp.integer)
    learned = (syn_images,) if numbers else (syn_images, syn_labels)

    def step(index: Array, params: Params, learned: _Learned, rate: Array) -> Params:
        images, labels = (*learned, syn_labels)[:2]
        if batch_fn is not None:
            images, labels = batch_fn(index, images, labels)
        gradients = jax.grad(lambda p: loss_fn(apply_fn(p, images), labels))(params)
        return jax.tree.map(lambda p, g: p - rate * g, params, gradients)

    return _STUDENTS[unroll](step, num_steps)(start_params, learned, learning_rate)


def _stored(step: _Step, num_steps: int) -> _Student:
    def student(start: Params, learned: _Learned, rate: Array) -> Params:
        def body(params: Params, index: Array) -> tuple[Params, None]:
            return jax.checkpoint(step, prevent_cse=False)(index, params, learned, rate), None

        return lax.scan(body, start, jnp.arange(num_steps, dtype=jnp.int32))[0]

    return student


def _train(
    step: _Step, start: Params, learned: _Learned, rate: Array, *, num_steps: Array
) -> Params:
    """The student after so many steps, which may be traced."""
    return lax.fori_loop(
        jnp.int32(0), num_steps, lambda i, params: step(i, params, learned, rate), start
    )


def _recomputed(step: _Step, num_steps: int) -> _Student:
    def pull(inputs: tuple[Any, ...], cotangent: Params) -> tuple[Any, ...]:
        def back(count: Array, carry: Any) -> Any:
            index = num_steps - 1 - count
            by_params, totals = carry
            params = _train(step, *inputs, num_steps=index)
            _, step_pull = jax.vjp(lambda *args: step(index, *args), params, *inputs[1:])
            by_params, *more = step_pull(by_params)
            return by_params, jax.tree.map(jnp.add, totals, tuple(more))

        start = cotangent, jax.tree.map(jnp.zeros_like, inputs[1:])
        by_params, totals = lax.fori_loop(jnp.int32(0), jnp.int32(num_steps), back, start)
        return by_params, *totals

    return _with_pull(step, num_steps, pull)


def _held(step: _Step, num_steps: int) -> _Student:
    def pull(inputs: tuple[Any, ...], cotangent: Params) -> tuple[Any, ...]:
        def again(index: Array, carry: Any) -> Any:
            params, totals = carry
            params, step_pull = jax.vjp(lambda *args: step(index, params, *args), *inputs[1:])
            return params, jax.tree.map(jnp.add, totals, step_pull(cotangent))

        start = inputs[0], jax.tree.map(jnp.zeros_like, inputs[1:])
        _, totals = lax.fori_loop(jnp.int32(0), jnp.int32(num_steps), again, start)
        return cotangent, *totals

    return _with_pull(step, num_steps, pull)


def _with_pull(step: _Step, num_steps: int, pull: _Pull) -> _Student:
    """The student, differentiated by ``pull(inputs, cotangent)`` from its inputs alone."""

    @jax.custom_vjp
    def student(start: Params, learned: _Learned, rate: Array) -> Params:
        return _train(step, start, learned, rate, num_steps=jnp.int32(num_steps))

    student.defvjp(lambda *inputs: (student(*inputs), inputs), pull)
    return student


_STUDENTS = {"stored": _stored, "recomputed": _recomputed, "held": _held}

UNROLLS = tuple(_STUDENTS)
"""How ``train_student`` can be differentiated."""
