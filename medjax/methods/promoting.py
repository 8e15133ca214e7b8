"""Optimisers of optax that mix dtypes, under JAX's strict promotion."""

from typing import Any

import jax
import optax


def promoting(
    optimizer: optax.GradientTransformation,
) -> optax.GradientTransformationExtraArgs:
    """Returns an optimiser whose update may mix dtypes, as the counts of Adam do with floats.

    Args:
      optimizer: the optimiser.

    Returns:
      The same optimiser, which callers with ``jax_numpy_dtype_promotion="strict"`` can use too.

    Example:
      >>> import jax.numpy as jnp
      >>> adam = promoting(optax.adam(0.1))
      >>> with jax.numpy_dtype_promotion("strict"):
      ...     updates, _ = adam.update(jnp.ones(1), adam.init(jnp.ones(1)))
      >>> round(float(updates[0]), 4)
      -0.1
    """
    optimizer = optax.with_extra_args_support(optimizer)

    def update(
        updates: optax.Updates,
        state: optax.OptState,
        params: optax.Params | None = None,
        **extra: Any,
    ) -> tuple[optax.Updates, optax.OptState]:
        with jax.numpy_dtype_promotion("standard"):
            moved: tuple[optax.Updates, optax.OptState] = optimizer.update(
                updates, state, params, **extra
            )
        return moved

    return optax.GradientTransformationExtraArgs(optimizer.init, update)
