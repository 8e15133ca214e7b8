"""The mesh of devices, with an axis each for classes, networks and images."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from medjax.errors import UserError

AXES = ("class", "net", "batch")
Tree = TypeVar("Tree")


def make_mesh(
    *,
    classes: int,
    networks: int,
    rows: int,
    shared_rows: int = 0,
    devices: Sequence[jax.Device] | None = None,
    shape: Mapping[str, int] | None = None,
) -> Mesh:
    """Lays out devices so that the busiest one has the least work.

    A device's work is ``⌈classes/C⌉ · ⌈networks/N⌉ · (⌈rows/B⌉ + shared_rows)`` on a mesh of
    ``C × N × B`` devices. Layouts with equal work are ranked by the number of devices along
    ``class``, then along ``net``, because devices along these axes exchange less.

    Args:
      classes: number of classes, which are computed separately.
      networks: number of networks, which are computed separately.
      rows: images of a class and network, which several devices may divide.
      shared_rows: images that each of those devices computes in full, in units of ``rows``.
      devices: the devices; ``None`` is all devices of all processes.
      shape: devices along some of the axes ``class``, ``net`` and ``batch``; an axis that is 0 or
        missing is chosen.

    Returns:
      A mesh of all the devices with the axes ``("class", "net", "batch")``.

    Raises:
      UserError: if the shape does not use exactly the given devices.

    Example:
      >>> dict(make_mesh(classes=2, networks=1, rows=256, devices=jax.devices()[:1]).shape)
      {'class': 1, 'net': 1, 'batch': 1}
    """
    devices = jax.devices() if devices is None else list(devices)
    wanted = [(shape or {}).get(axis) or 0 for axis in AXES]
    divisors = [n for n in range(1, len(devices) + 1) if len(devices) % n == 0]
    layouts = [
        sizes
        for sizes in itertools.product(divisors, repeat=len(AXES))
        if math.prod(sizes) == len(devices)
        and all(want in (0, size) for want, size in zip(wanted, sizes, strict=True))
    ]
    if not layouts:
        parts = ", ".join(f"{axis}={want}" for axis, want in zip(AXES, wanted, strict=True) if want)
        raise UserError(
            f"a mesh of {parts} does not divide {len(devices)} devices evenly; "
            f"the axes {', '.join(AXES)} must multiply to {len(devices)}, where 0 chooses an axis"
        )

    def work(sizes: tuple[int, ...]) -> int:
        c, n, b = sizes
        return -(-classes // c) * -(-networks // n) * (-(-rows // b) + shared_rows)

    best = min(layouts, key=lambda sizes: (work(sizes), -sizes[0], -sizes[1]))
    # jax.make_mesh knows which devices of a TPU are neighbours.
    return jax.make_mesh(best, AXES, axis_types=(AxisType.Auto,) * len(AXES), devices=devices)


def replicate(tree: Tree, mesh: Mesh | None) -> Tree:
    """Copies arrays to every device of a mesh.

    Args:
      tree: a pytree of arrays, the same in every process.
      mesh: the mesh; ``None`` returns the arrays as is.

    Returns:
      The pytree, whose arrays span processes if the mesh does.

    Example:
      >>> mesh = make_mesh(classes=1, networks=1, rows=1, devices=jax.devices()[:1])
      >>> replicate(np.ones(2), mesh).sharding.is_fully_replicated
      True
    """
    if mesh is None:
        return tree
    sharding = NamedSharding(mesh, PartitionSpec())

    def place(x: jax.Array) -> jax.Array:
        if isinstance(x, jax.core.Tracer) or getattr(x, "sharding", None) == sharding:
            return x
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            data = place(jax.random.key_data(x))
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(x))
        if not mesh.is_multi_process:
            return jax.device_put(x, sharding)
        host = np.asarray(x)
        return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])

    return cast(Tree, jax.tree.map(place, tree))
