"""Memory that differentiation needs, from shapes alone, and memory that a device has."""

import os
import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from medjax.planning.device import planned_device

# The rest is for the data, the compiler's scratch and fragmentation. Memory in use is not counted,
# because a resumed run must have the same chunks.
_USABLE = 0.75
# Of a machine that does not tell.
_ASSUMED = 8 * 2**30


def residual_bytes(fn: Callable, *args: Any) -> int:
    """Returns the bytes that reverse-mode differentiation of ``fn`` keeps between its two passes.

    They dominate a device's memory: the activations of the forward pass and, if ``fn`` is itself a
    gradient, those of its backward pass. Nothing is computed or compiled. The compiler may keep
    less by computing some twice, or need a little more as scratch.

    Args:
      fn: a differentiable function of its positional arguments.
      *args: arrays or ``jax.ShapeDtypeStruct``s, or pytrees of them.

    Returns:
      The sum over all arrays that are kept.

    Example:
      >>> import jax.numpy as jnp
      >>> residual_bytes(jnp.sin, jnp.ones(1000, jnp.float32))
      4000
    """
    kept = jax.eval_shape(lambda *a: jax.vjp(fn, *a)[1], *args)
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(kept))


class NetworkBytes(NamedTuple):
    """Memory that differentiation of a network keeps, in bytes.

    Attributes:
      fixed: independent of the number of images: the weights.
      per_image: for each image: its activations; at least 1.
    """

    fixed: int
    per_image: int


def network_bytes(fn: Callable, params: Any, image: Any) -> NetworkBytes:
    """Returns ``residual_bytes`` of a network, split into a fixed part and a part per image.

    Args:
      fn: ``(params, images) -> outputs``, or any function that keeps an equal amount per image.
      params: a pytree; shapes are enough.
      image: float ``[1, h, w, c]``; a shape is enough.

    Returns:
      The two parts.

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
    """Returns the bytes that one computation may use on a device, see ``planned_device``.

    Returns:
      Three quarters of the limit of the device's allocator. On a CPU, three quarters of the
      machine's memory (8 GiB where Python cannot tell it, as on Windows) or of the control group's
      limit, whichever is less, divided by the number of devices. The number does not depend on the
      memory in use.

    Example:
      >>> device_budget() > 2**20
      True
    """
    device = planned_device()
    stats = device.memory_stats()
    if stats and "bytes_limit" in stats:
        return int(_USABLE * stats["bytes_limit"])
    whole = int(_USABLE * min([_machine_memory(), *_control_group_limits()]))
    return whole // jax.local_device_count(device.platform)


def available_memory() -> int:
    """Returns the bytes of the machine's memory that a process may still take, as far as is known.

    Returns:
      What the system says is available, or else all memory; at most the control group's limit.

    Example:
      >>> available_memory() > 2**20
      True
    """
    found = [_machine_memory(), *_control_group_limits()]
    table = pathlib.Path("/proc/meminfo")
    lines = table.read_text().splitlines() if table.exists() else []
    found += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return min(found)


def _machine_memory() -> int:
    names = "SC_PAGE_SIZE", "SC_PHYS_PAGES"
    if not set(names) <= set(getattr(os, "sysconf_names", ())):  # such as Windows
        return _ASSUMED
    return os.sysconf(names[0]) * os.sysconf(names[1])


def _control_group_limits() -> list[int]:
    files = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    texts = [pathlib.Path(f).read_text().strip() for f in files if pathlib.Path(f).exists()]
    return [int(text) for text in texts if text.isdigit()]
