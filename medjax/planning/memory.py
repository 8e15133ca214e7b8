"""What differentiating a function will hold in memory, from shapes alone, and what there is."""

import os
import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax

# What is not counted: the data, the compiler's scratch, fragmentation. What happens to be in use is
# left out on purpose: a run that is resumed must be cut into the same chunks.
_USABLE = 0.75


def residual_bytes(fn: Callable, *args: Any) -> int:
    """Bytes that reverse-mode differentiation of ``fn`` keeps between its two passes.

    They are what fills a device: the activations of the forward pass and, if ``fn`` is itself a
    gradient, those of its backward pass too. Nothing is computed or compiled. The compiler may
    keep less by computing some of it twice, or need a little more as scratch.

    Args:
      fn: a differentiable function of its positional arguments.
      *args: arrays or ``jax.ShapeDtypeStruct``s, or pytrees of them.

    Returns:
      The sum over all arrays kept.

    Example:
      >>> import jax.numpy as jnp
      >>> residual_bytes(jnp.sin, jnp.ones(1000, jnp.float32))
      4000
    """
    kept = jax.eval_shape(lambda *a: jax.vjp(fn, *a)[1], *args)
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(kept))


class NetworkBytes(NamedTuple):
    """What differentiating a network keeps, in bytes.

    Attributes:
      fixed: once, whatever the number of images: its weights.
      per_image: for each image: its activations; at least 1.
    """

    fixed: int
    per_image: int


def network_bytes(fn: Callable, params: Any, image: Any) -> NetworkBytes:
    """``residual_bytes`` of a network, as a sum over images.

    Args:
      fn: ``(params, images) -> outputs``, or any function that keeps as much of each image.
      params: a pytree; shapes are enough, as in ``residual_bytes``.
      image: float ``[1, h, w, c]``; likewise.

    Returns:
      What is kept once, and of each image.

    Example:
      >>> import jax.numpy as jnp
      >>> network_bytes(lambda params, images: images @ params, jnp.ones((3, 2)), jnp.ones((1, 3)))
      NetworkBytes(fixed=24, per_image=12)
    """
    two = jax.ShapeDtypeStruct((2, *image.shape[1:]), image.dtype)
    one = residual_bytes(fn, params, image)
    per_image = max(residual_bytes(fn, params, two) - one, 1)
    return NetworkBytes(max(one - per_image, 0), per_image)


def device_budget() -> int:
    """Bytes that one computation may plan with on this process's first device.

    Returns:
      Three quarters of what the device's allocator may take; on a CPU, of the machine's memory or
      of the control group's limit, whichever is less, for each of the devices that share it. The
      same whenever it is asked.

    Example:
      >>> device_budget() > 2**20
      True
    """
    stats = jax.local_devices()[0].memory_stats()
    if stats and "bytes_limit" in stats:
        return int(_USABLE * stats["bytes_limit"])
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(_USABLE * min([machine, *_control_group_limits()])) // jax.local_device_count()


def _control_group_limits() -> list[int]:
    files = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    texts = [pathlib.Path(f).read_text().strip() for f in files if pathlib.Path(f).exists()]
    return [int(text) for text in texts if text.isdigit()]
