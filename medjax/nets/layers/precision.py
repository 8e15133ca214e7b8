"""What a network multiplies in; its parameters are float32 whatever it is."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from medjax.errors import unknown
from medjax.types import Array

PRECISIONS = ("float32", "tf32", "bfloat16")

_PRODUCTS = {
    "float32": lax.Precision.HIGHEST,
    "tf32": lax.Precision.HIGH,
    "bfloat16": lax.Precision.DEFAULT,
}


def require_precision(precision: str) -> None:
    """Refuses a precision that does not exist.

    Args:
      precision: as a network was given it.

    Raises:
      UserError: naming the choices.

    Example:
      >>> require_precision("tf32")
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)


def products(precision: str) -> lax.Precision:
    """How matrix products and convolutions multiply.

    Args:
      precision: ``float32``; ``tf32`` (float32 in storage, multiplied with at least 10 bits of
        mantissa where the device is faster so, as PyTorch's convolutions are by default; a CPU
        is not and multiplies in float32); or ``bfloat16``.

    Returns:
      What ``lax.dot_general`` and ``lax.conv_general_dilated`` take as ``precision``.

    Example:
      >>> products("float32")
      Precision.HIGHEST
    """
    return _PRODUCTS[precision]


def activations(x: Array, precision: str) -> Array:
    """Casts what flows between layers: to bfloat16 if the network computes in it.

    Args:
      x: a float array.
      precision: one of ``PRECISIONS``.

    Returns:
      ``x``, in bfloat16 or unchanged.

    Example:
      >>> activations(jnp.ones(2), "bfloat16").dtype.name
      'bfloat16'
    """
    return x.astype(jnp.bfloat16) if precision == "bfloat16" else x


def accurate(x: Array) -> Array:
    """Casts to what sums, losses and moments are computed in: float32 at least.

    Args:
      x: a float array.

    Returns:
      ``x``, in float32 if it was of less.

    Example:
      >>> accurate(jnp.ones(2, jnp.bfloat16)).dtype.name
      'float32'
    """
    return x.astype(accurate_dtype(x.dtype))


def accurate_dtype(dtype: Any) -> Any:
    """The dtype that sums over ``dtype`` are computed in: float32 at least.

    Args:
      dtype: a float dtype.

    Returns:
      ``dtype``, or float32 for a smaller one.

    Example:
      >>> jnp.dtype(accurate_dtype(jnp.bfloat16)).name
      'float32'
    """
    return dtype if jnp.dtype(dtype).itemsize >= 4 else jnp.float32
