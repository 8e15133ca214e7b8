"""One program on many devices: which items are a device's own, inside ``shard_map``.

Without a mesh, or on a single device, everything here is the identity: the same code is the
single-device program, with nothing added to it.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from medjax.types import Array

AxisNames = tuple[str, ...]
"""Mesh axes; empty where there is nothing to divide."""


class Axes(NamedTuple):
    """The mesh axes along which work is divided; empty where one device has it all.

    Attributes:
      classes: along which classes are.
      networks: along which networks are.
      rows: along which the images of one class or minibatch are.
    """

    classes: AxisNames = ()
    networks: AxisNames = ()
    rows: AxisNames = ()


def axes_of(mesh: Mesh | None) -> Axes:
    """The axes of a mesh from ``make_mesh`` that have more than one device.

    Args:
      mesh: the mesh, or ``None`` for one device.

    Returns:
      The axes.

    Example:
      >>> axes_of(None)
      Axes(classes=(), networks=(), rows=())
    """
    if mesh is None:
        return Axes()
    return Axes(*(((name,) if mesh.shape[name] > 1 else ()) for name in ("class", "net", "batch")))


def on_mesh(fn: Callable, mesh: Mesh | None, *, in_specs: Any = None, out_specs: Any = None):
    """``fn`` as one program on every device of a mesh (``jax.shard_map``).

    Args:
      fn: a function of arrays; inside it, ``share`` says which items are this device's.
      mesh: the mesh; ``None``, or a single device, is ``fn`` itself.
      in_specs: how the arguments are divided, as for ``shard_map``; ``None``: each device sees all.
      out_specs: how the results are divided; ``None``: all devices return the same.

    Returns:
      A function like ``fn``.

    Example:
      >>> on_mesh(jnp.sin, None) is jnp.sin
      True
    """
    if mesh is None or mesh.size == 1:
        return fn
    whole = PartitionSpec()
    return jax.shard_map(
        fn,
        mesh=mesh,
        in_specs=whole if in_specs is None else in_specs,
        out_specs=whole if out_specs is None else out_specs,
        check_vma=False,
    )


class Share(NamedTuple):
    """The items that this device computes.

    Attributes:
      index: int32 ``[m]``, which items; ``None`` is all of them, in order.
      used: bool ``[m]``, false for padding (an item that another device computes too).
    """

    index: Array | None
    used: Array | None

    def take(self, tree: Any) -> Any:
        """This device's items of arrays whose leading axis is the items."""
        return tree if self.index is None else jax.tree.map(lambda x: x[self.index], tree)

    def mask(self, values: Array) -> Array:
        """``values [m, …]`` with 0 for padding."""
        if self.used is None:
            return values
        used = self.used.reshape(-1, *[1] * (values.ndim - 1))
        return jnp.where(used, values, jnp.zeros((), values.dtype))

    def weights(self, dtype: Any) -> Array | None:
        """1 for an item and 0 for padding, ``[m]``; ``None`` where all items count."""
        return None if self.used is None else self.used.astype(dtype)

    def place(self, values: Array, *, count: int) -> Array:
        """``values [m, …]`` where they belong among all items, ``[count, …]``; 0 elsewhere."""
        if self.index is None:
            return values
        whole = jnp.zeros((count, *values.shape[1:]), values.dtype)
        return whole.at[self.index].add(self.mask(values))


def share_size(count: int, axes: AxisNames) -> int:
    """How many of ``count`` items each device has, padding included.

    Args:
      count: how many items there are.
      axes: the mesh axes whose devices divide them.

    Returns:
      ``count`` over the number of devices, rounded up.

    Example:
      >>> share_size(3, ())
      3
    """
    return -(-count // math.prod(lax.axis_size(axis) for axis in axes))


def share(count: int, axes: AxisNames) -> Share:
    """This device's share of ``count`` items: equal runs, the last filled up with item 0.

    Args:
      count: how many items there are.
      axes: the mesh axes whose devices divide them, first axis slowest; empty is no division.

    Returns:
      The share.

    Example:
      >>> share(3, ())
      Share(index=None, used=None)
    """
    if not axes:
        return Share(None, None)
    each = share_size(count, axes)
    index = lax.axis_index(axes) * each + jnp.arange(each, dtype=jnp.int32)
    used = index < count
    return Share(jnp.where(used, index, 0), used)
