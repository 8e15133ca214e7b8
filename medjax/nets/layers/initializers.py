"""PyTorch's default initialisation, which the published results use."""

import math
from collections.abc import Callable

import jax
from jax.typing import DTypeLike

from medjax.types import Array, PRNGKey


def torch_uniform(fan_in: int) -> Callable[[PRNGKey, tuple[int, ...], DTypeLike], Array]:
    """Makes PyTorch's initialiser of weights *and* biases, ``U(−1/√fan_in, 1/√fan_in)``.

    PyTorch calls this distribution ``kaiming_uniform_(a=√5)``.

    Args:
      fan_in: number of inputs of one output (``k_h · k_w · c`` of a convolution).

    Returns:
      ``init(key, shape, dtype) -> array``, as flax expects of an initialiser.

    Example:
      >>> import jax.numpy as jnp
      >>> init = torch_uniform(fan_in=100)
      >>> bool(jnp.abs(init(jax.random.key(0), (3, 3), jnp.float32)).max() <= 0.1)
      True
    """
    bound = 1 / math.sqrt(fan_in)

    def init(key: PRNGKey, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init
