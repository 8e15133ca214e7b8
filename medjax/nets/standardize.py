"""Standardising an array along axes, with a derivative that XLA fuses well."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from medjax.types import Array

EPS = 1e-5


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def standardize(x: Array, axes: tuple[int, ...]) -> Array:
    """Takes away the mean and divides by the standard deviation: ``(x − μ) / √(σ² + 1e-5)``.

    The derivative is the closed form ``(g − mean(g) − y·mean(g·y)) / √(σ² + 1e-5)``: two
    reductions over what is at hand, where differentiating the moments one by one makes XLA
    recompute them inside each other (2 to 3 times slower on a CPU). Any order, reverse mode.

    Args:
      x: float array.
      axes: over which mean μ and biased variance σ² are taken.

    Returns:
      An array like ``x``.

    Example:
      >>> standardize(jnp.array([[1.0, 3.0]]), (1,)).round(3)
      Array([[-1.,  1.]], dtype=float32)
    """
    return _forward(x, axes)[0]


def _forward(x, axes):
    deviation = x - jnp.mean(x, axes, keepdims=True)
    scale = lax.rsqrt(jnp.mean(jnp.square(deviation), axes, keepdims=True) + EPS)
    y = deviation * scale
    return y, (y, scale)


def _backward(axes, residuals, cotangent):
    y, scale = residuals
    mean = jnp.mean(cotangent, axes, keepdims=True)
    along = jnp.mean(cotangent * y, axes, keepdims=True)
    return (scale * (cotangent - mean - y * along),)


standardize.defvjp(_forward, _backward)
