"""Sharpness-aware training: the direction of GSAM."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from medjax.types import Array, Params


def sharpness_aware_gradient(
    gradient_fn: Callable[[Params], Params], params: Params, *, radius: float, gap: float
) -> Params:
    """Returns the descent direction of GSAM with an adaptive neighbourhood.

    ``g' − α (g − ⟨g, g'⟩ g' / ‖g'‖²)`` with ``g = ∇ℓ(θ)`` and ``g' = ∇ℓ(θ + ε)`` at
    ``ε = ρ θ² g / ‖θ g‖``, products element by element: the gradient where the loss is highest
    nearby, less the part of the gradient here that is orthogonal to it. The second term lowers
    the gap between the two losses.

    Args:
      gradient_fn: ``params -> gradient`` of the training loss.
      params: θ, a pytree of float arrays.
      radius: ρ, the size of the neighbourhood, at least 0.
      gap: α, the weight of the gap, at least 0.

    Returns:
      A pytree like ``params``; ``∇ℓ(θ)`` for ``radius=0``.

    Example:
      >>> sharpness_aware_gradient(jnp.square, jnp.array([1.0, -2.0]), radius=0.0, gap=0.3)
      Array([1., 4.], dtype=float32)

    Zhuang et al., "Surrogate Gap Minimization Improves Sharpness-Aware Training", ICLR 2022.
    Kwon et al., "ASAM: Adaptive Sharpness-Aware Minimization for Scale-Invariant Learning of Deep
    Neural Networks", ICML 2021 (the neighbourhood).
    """
    here = gradient_fn(params)
    scaled = jax.tree.map(jnp.multiply, params, here)
    scale = radius / _or_one(jnp.sqrt(_inner(scaled, scaled)))
    highest = gradient_fn(jax.tree.map(lambda p, s: p + scale * p * s, params, scaled))
    along = _inner(here, highest) / _or_one(_inner(highest, highest))
    return jax.tree.map(lambda h, g: h - gap * (g - along * h), highest, here)


def _inner(a: Params, b: Params) -> Array:
    return jax.tree.reduce(jnp.add, jax.tree.map(lambda x, y: jnp.sum(x * y), a, b))


def _or_one(x: Array) -> Array:
    """A divisor, which is 1 where nothing is divided."""
    return jnp.where(x > 0, x, 1)
