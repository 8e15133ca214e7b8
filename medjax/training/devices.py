"""Several devices: evaluation networks, and the images of each, divided among them."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from medjax import parallel


def network_axes(mesh: Mesh | None) -> parallel.AxisNames:
    """The mesh axes that divide networks: here there are no classes to divide."""
    axes = parallel.axes_of(mesh)
    return axes.classes + axes.networks


def row_axes(mesh: Mesh | None) -> parallel.AxisNames:
    """The mesh axes that divide images."""
    return parallel.axes_of(mesh).rows


def parts(mesh: Mesh | None, axes: parallel.AxisNames) -> int:
    """How many devices there are along some axes."""
    return math.prod(mesh.shape[axis] for axis in axes) if axes else 1


def rounds(mesh: Mesh | None, count: int) -> list[tuple[Mesh | None, slice]]:
    """Which networks are trained on which layout of the devices, one layout after the other.

    Devices that would divide minibatches wait for each other at each step. So as many networks as
    give every device equally many are trained apart, and only the rest are divided so.
    """
    size = mesh.size if row_axes(mesh) else count + 1
    apart = count // size * size
    if not apart:
        return [(mesh, slice(count))]
    alone = parallel.make_mesh(
        classes=1, networks=size, rows=1, devices=mesh.devices.ravel(), shape={"net": size}
    )
    layouts = [(alone, slice(apart)), (mesh, slice(apart, count))]
    return layouts if apart < count else layouts[:1]


def fill(tree: Any, multiple: int) -> Any:
    """Arrays ``[k, …]`` with their first items repeated up to a multiple of so many."""

    def filled(x):
        more = -len(x) % multiple
        return x[jnp.arange(len(x) + more) % len(x)] if more else x

    return jax.tree.map(filled, tree)


def gather(tree: Any, mesh: Mesh | None) -> Any:
    """Arrays as they are, whole on every device."""
    if mesh is None or mesh.size == 1:
        return tree
    return jax.lax.with_sharding_constraint(tree, NamedSharding(mesh, PartitionSpec()))
