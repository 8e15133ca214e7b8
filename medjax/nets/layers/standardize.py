"""Standardisation of activations along axes, with a derivative that XLA fuses well."""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from medjax.nets.layers.varying import varying_alike
from medjax.types import Array

EPS = 1e-5


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def standardize(x: Array, axes: tuple[int, ...]) -> Array:
    """Computes ``(x − μ) / √(σ² + 1e-5)`` with the mean and biased variance over ``axes``.

    The derivative has the closed form ``(g − mean(g) − y·mean(g·y)) / √(σ² + 1e-5)``, two
    reductions. Differentiation of each moment would make XLA recompute one inside the other (2 to 3
    times slower on a CPU). Any order, reverse mode.
    """
    return _forward(x, axes)[0]


def _forward(x: Array, axes: tuple[int, ...]) -> tuple[Array, tuple[Array, Array]]:
    deviation = x - jnp.mean(x, axes, keepdims=True)
    scale = lax.rsqrt(jnp.mean(jnp.square(deviation), axes, keepdims=True) + EPS)
    y = deviation * scale
    return y, (y, scale)


def _backward(
    axes: tuple[int, ...], residuals: tuple[Array, Array], cotangent: Array
) -> tuple[Array]:
    y, scale = residuals
    mean = jnp.mean(cotangent, axes, keepdims=True)
    along = jnp.mean(cotangent * y, axes, keepdims=True)
    return (scale * (cotangent - mean - y * along),)


standardize.defvjp(_forward, _backward)


def standardize_channels(x: Array, scale: Array, bias: Array, axes: tuple[int, ...]) -> Array:
    """Computes ``standardize(x, axes) · scale + bias`` of ``x [… c]``, ``scale [c]``, ``bias [c]``.

    ``axes`` exclude the last. The two sums over ``axes`` in the gradient by ``x`` also give the
    gradients by scale and bias, which saves two passes over ``x`` (a quarter of a first block's
    backward pass on a CPU). Any order, reverse mode.
    """
    lead = (None,) * (x.ndim - 1)
    y: Array = _channels(*varying_alike(x, scale[lead], bias[lead]), axes)
    return y


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def _channels(x: Array, scale: Array, bias: Array, axes: tuple[int, ...]) -> Array:
    y: Array = standardize(x, axes)
    return y * scale + bias


def _channels_forward(
    x: Array, scale: Array, bias: Array, axes: tuple[int, ...]
) -> tuple[Array, tuple[Array, Array, Array]]:
    y, (_, inverse) = _forward(x, axes)
    return y * scale + bias, (y, inverse, scale)


def _channels_backward(
    axes: tuple[int, ...], residuals: tuple[Array, Array, Array], cotangent: Array
) -> tuple[Array, Array, Array]:
    y, inverse, scale = residuals
    others = tuple(axis for axis in range(y.ndim - 1) if axis not in axes)
    sums = [jnp.sum(g, axes, keepdims=True) for g in (cotangent, cotangent * y)]
    mean, along = (total / math.prod(y.shape[axis] for axis in axes) for total in sums)
    bias_gradient, scale_gradient = (jnp.sum(total, others, keepdims=True) for total in sums)
    gradient = inverse * scale * (cotangent - mean - y * along)
    return gradient, scale_gradient, bias_gradient


_channels.defvjp(_channels_forward, _channels_backward)
