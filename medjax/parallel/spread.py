"""One program on many devices: the share of the work of each device, inside ``shard_map``.

Without a mesh, or on a single device, all functions here are the identity, so that the same code
is the single-device program at no cost.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from medjax.parallel.mesh import AXES
from medjax.types import Array

Fn = TypeVar("Fn", bound=Callable[..., Any])
_WHOLE = PartitionSpec()

AxisNames = tuple[str, ...]
"""Mesh axes; empty if nothing is divided."""


class Axes(NamedTuple):
    """The mesh axes along which work is divided; empty if one device does it all.

    Attributes:
      classes: axes that divide the classes.
      networks: axes that divide the networks.
      rows: axes that divide the images of a class or minibatch.
    """

    classes: AxisNames = ()
    networks: AxisNames = ()
    rows: AxisNames = ()


def axes_of(mesh: Mesh | None) -> Axes:
    """Returns the axes of a mesh that have more than one device.

    Args:
      mesh: from ``make_mesh``; ``None`` for one device.

    Returns:
      The axes.

    Example:
      >>> axes_of(None)
      Axes(classes=(), networks=(), rows=())
    """
    if mesh is None:
        return Axes()
    return Axes(*(((name,) if mesh.shape[name] > 1 else ()) for name in AXES))


def on_mesh(fn: Fn, mesh: Mesh | None, *, in_specs: Any = _WHOLE, out_specs: Any = _WHOLE) -> Fn:
    """Runs a function as one program on every device of a mesh (``jax.shard_map``).

    Args:
      fn: a function of arrays; inside it, ``share`` returns the items of the device.
      mesh: the mesh; ``None`` for one device.
      in_specs: division of the arguments, as for ``shard_map``; by default devices see all of them.
      out_specs: division of the results; by default all devices return the same.

    Returns:
      A function like ``fn``; ``fn`` itself for one device.

    Example:
      >>> on_mesh(jnp.sin, None) is jnp.sin
      True
    """
    if mesh is None or mesh.size == 1:
        return fn
    return jax.shard_map(fn, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False)


class Share(NamedTuple):
    """The items that this device computes.

    Attributes:
      items: int32 ``[m]``, the numbers of the items; ``None`` is all, in order.
      used: bool ``[m]``, false for padding, an item that another device computes too.
    """

    items: Array | None
    used: Array | None

    def take(self, tree: Any) -> Any:
        """Returns this device's items of arrays whose leading axis is the items."""
        return tree if self.items is None else jax.tree.map(lambda x: x[self.items], tree)

    def mask(self, values: Array) -> Array:
        """Sets padding to 0 in ``values [m, …]``."""
        if self.used is None:
            return values
        used = self.used.reshape(-1, *[1] * (values.ndim - 1))
        return jnp.where(used, values, jnp.zeros((), values.dtype))

    def weights(self, dtype: Any) -> Array | None:
        """Returns 1 for an item and 0 for padding, ``[m]``; ``None`` if all items count."""
        return None if self.used is None else self.used.astype(dtype)

    def place(self, values: Array, *, count: int) -> Array:
        """Puts ``values [m, …]`` in their places among all items, ``[count, …]``; 0 elsewhere."""
        if self.items is None:
            return values
        whole = jnp.zeros((count, *values.shape[1:]), values.dtype)
        return whole.at[self.items].add(self.mask(values))


def share_size(count: int, axes: AxisNames) -> int:
    """Returns the number of items that each device has, including padding.

    Args:
      count: number of all items.
      axes: the mesh axes whose devices divide them.

    Returns:
      ``count`` over the number of devices, rounded up.

    Example:
      >>> share_size(3, ())
      3
    """
    return -(-count // math.prod(lax.axis_size(axis) for axis in axes))


def share(count: int, axes: AxisNames) -> Share:
    """Returns this device's share: equal runs of items, the last one padded with item 0.

    Args:
      count: number of all items.
      axes: the mesh axes whose devices divide them, first axis slowest; empty for no division.

    Returns:
      The share.

    Example:
      >>> share(3, ())
      Share(items=None, used=None)
    """
    if not axes:
        return Share(None, None)
    each = share_size(count, axes)
    items = lax.axis_index(axes) * each + jnp.arange(each, dtype=jnp.int32)
    used = items < count
    return Share(jnp.where(used, items, 0), used)
