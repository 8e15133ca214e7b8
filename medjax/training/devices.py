"""Training on several devices, which divide the networks and the images of each."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from medjax import parallel
from medjax.types import Array


def network_axes(mesh: Mesh | None) -> parallel.AxisNames:
    """Returns the mesh axes that divide networks, those for classes among them."""
    axes = parallel.axes_of(mesh)
    return axes.classes + axes.networks


def row_axes(mesh: Mesh | None) -> parallel.AxisNames:
    """Returns the mesh axes that divide images."""
    return parallel.axes_of(mesh).rows


def parts(mesh: Mesh | None, axes: parallel.AxisNames) -> int:
    """Returns the number of devices along some axes."""
    return 1 if mesh is None else math.prod(mesh.shape[axis] for axis in axes)


def rounds(mesh: Mesh | None, count: int) -> list[tuple[Mesh | None, slice]]:
    """Returns device layouts with the networks that train on each, one layout after the other.

    Devices that divide minibatches wait for each other at each step. So each device trains an
    equal number of networks alone, and only the remaining networks are divided.
    """
    if mesh is None or not row_axes(mesh) or count < mesh.size:
        return [(mesh, slice(count))]
    size, alone_count = mesh.size, count // mesh.size * mesh.size
    devices = list(mesh.devices.ravel())
    alone = parallel.make_mesh(
        classes=1, networks=size, rows=1, devices=devices, shape={"net": size}
    )
    if alone_count == count:
        return [(alone, slice(count))]
    return [(alone, slice(alone_count)), (mesh, slice(alone_count, count))]


def fill(tree: Any, multiple: int) -> Any:
    """Pads arrays ``[k, …]`` with their first items to a multiple of ``multiple`` items."""

    def filled(x: Array) -> Array:
        more = -len(x) % multiple
        return x[jnp.arange(len(x) + more) % len(x)] if more else x

    return jax.tree.map(filled, tree)


def gather(tree: Any, mesh: Mesh | None) -> Any:
    """Copies arrays whole to every device, inside a program."""
    if mesh is None or mesh.size == 1:
        return tree
    return jax.lax.with_sharding_constraint(tree, NamedSharding(mesh, PartitionSpec()))
