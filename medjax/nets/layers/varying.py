"""Operands of rules of differentiation of our own, inside ``shard_map`` that checks its axes."""

from jax import lax

from medjax.types import Array, varying_axes


def varying_alike(*arrays: Array) -> list[Array]:
    """Inside ``shard_map``, marks what is the same on all devices as differing where another does.

    A rule of differentiation of our own must give cotangents that vary as its operands do; for
    operands marked so, the sum over devices that a shared one needs is then made outside of it.

    Args:
      arrays: the operands.

    Returns:
      The same arrays; outside ``shard_map``, or where it does not check axes, unmarked.

    Example:
      >>> import jax.numpy as jnp
      >>> [x.shape for x in varying_alike(jnp.ones(2), jnp.ones(()))]
      [(2,), ()]
    """
    axes = frozenset().union(*map(varying_axes, arrays))
    missing = [tuple(sorted(axes - varying_axes(x))) for x in arrays]
    return [
        lax.pcast(x, names, to="varying") if names else x
        for x, names in zip(arrays, missing, strict=True)
    ]
