"""The precision that a network multiplies in; its parameters are float32 in any case."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from medjax.errors import UserError, unknown
from medjax.types import Array

# How convolutions and matrix products multiply. ``tf32`` is float32 in storage, multiplied with at
# least 10 bits of mantissa on devices where that is faster, as PyTorch's convolutions are by
# default; a CPU multiplies in float32.
PRECISIONS = {
    "float32": lax.Precision.HIGHEST,
    "tf32": lax.Precision.HIGH,
    "bfloat16": lax.Precision.DEFAULT,
}


def require_precision(precision: str) -> None:
    """Raises a ``UserError`` for an unknown precision."""
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)


def activations(x: Array, precision: str) -> Array:
    """Casts what flows between layers: to bfloat16 if the network computes in it."""
    return x.astype(jnp.bfloat16) if precision == "bfloat16" else x


def require_floats(x: Array) -> Array:
    """Raises a ``UserError`` for integers, such as pixels that are not normalised."""
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise UserError(f"networks take normalised floats, got {x.dtype}; see data.normalize")
    return x


def promoted(x: Array, kernel: Array) -> tuple[Array, Array]:
    """Casts a layer's floats and its kernel to the wider of their dtypes; bfloat16 stays."""
    x = require_floats(x)
    if x.dtype == jnp.bfloat16:
        return x, kernel
    dtype = max(x.dtype, kernel.dtype, key=lambda dtype: dtype.itemsize)
    return x.astype(dtype), kernel.astype(dtype)


def accurate(x: Array) -> Array:
    """Casts to the dtype of sums, losses and moments: float32 at least."""
    return x.astype(accurate_dtype(x.dtype))


def accurate_dtype(dtype: Any) -> Any:
    """Returns the dtype that sums over ``dtype`` are computed in: float32 at least."""
    return dtype if jnp.dtype(dtype).itemsize >= 4 else jnp.float32
