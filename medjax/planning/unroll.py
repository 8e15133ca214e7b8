"""A check that the unrolled training of a student can be differentiated in memory."""

import logging
from collections.abc import Callable

import jax

from medjax.errors import UserError
from medjax.planning.memory import residual_bytes
from medjax.types import Array, Params

_log = logging.getLogger("medjax")
_GIB = 2**30


def check_unroll(
    step_gradient: Callable[[Array, Params], Params],
    images: Array,
    params: Params,
    *,
    num_steps: int,
    copies: bool,
    budget: int,
) -> None:
    """Raises ``UserError`` if a student cannot be differentiated in the available memory.

    Args:
      step_gradient: ``(images, params) -> gradient``, of one step.
      images: float ``[b, h, w, c]``, the images of a step; a shape is enough.
      params: the student's parameters; shapes are enough.
      num_steps: steps of the student.
      copies: whether the parameters of every step are kept.
      budget: available memory in bytes, see ``device_budget``.

    Raises:
      UserError: if the student needs more memory.

    Example:
      >>> import jax.numpy as jnp
      >>> gradient = jax.grad(lambda params, images: jnp.sum(images @ params) ** 2)
      >>> step, images = lambda images, params: gradient(params, images), jnp.ones((2, 3))
      >>> check_unroll(step, images, jnp.ones(3), num_steps=5, copies=True, budget=10**6)
    """
    per_step = residual_bytes(step_gradient, images, params)
    kept = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(params))
    needed = per_step + kept * (num_steps if copies else 1)
    if needed > budget:
        raise UserError(
            f"a student takes about {needed / _GIB:.1f} GiB to differentiate, and this device has "
            f"{budget / _GIB:.1f} GiB; choose a smaller batch_syn, ipc, net.width or data.size"
            + (", or unroll=held" if copies else "")
        )
    sizes = needed / _GIB, budget / _GIB
    _log.info("memory: a student takes about %.2f of %.2f GiB to differentiate", *sizes)
