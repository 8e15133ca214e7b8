"""Operands of custom derivative rules inside a ``shard_map`` that checks its axes."""

from jax import lax

from medjax.types import Array, varying_axes


def varying_alike(*arrays: Array) -> list[Array]:
    """Marks arrays as varying along each mesh axis along which any of them varies.

    A custom derivative rule must return cotangents that vary as its operands do. With this mark,
    the sum over devices that a shared operand needs is made outside the rule. Outside
    ``shard_map``, or if it does not check axes, the arrays are returned as is.
    """
    axes = frozenset().union(*map(varying_axes, arrays))
    missing = [tuple(sorted(axes - varying_axes(x))) for x in arrays]
    return [
        lax.pcast(x, names, to="varying") if names else x
        for x, names in zip(arrays, missing, strict=True)
    ]
