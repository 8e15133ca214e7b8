"""Which device does what: a mesh with an axis for classes, one for networks, one for images."""

import itertools
import math
from collections.abc import Mapping, Sequence

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from medjax.errors import UserError
from medjax.types import Array

AXES = ("class", "net", "batch")


def make_mesh(
    *,
    classes: int,
    networks: int,
    rows: int,
    shared_rows: int = 0,
    devices: Sequence[jax.Device] | None = None,
    shape: Mapping[str, int] | None = None,
) -> Mesh:
    """Lays devices out so that the busiest has as little to do as can be.

    A device's work is ``⌈classes/C⌉ · ⌈networks/N⌉ · (⌈rows/B⌉ + shared_rows)`` on a mesh of
    ``C × N × B`` devices. Of layouts with equal work the one with more devices along ``class`` is
    taken, then along ``net``: those axes have less to tell each other.

    Args:
      classes: classes that are computed apart.
      networks: networks that are computed apart.
      rows: images of a class and network, which several devices may divide among them.
      shared_rows: images that each of those devices computes all the same, in units of ``rows``.
      devices: the devices; ``None`` is all of every process.
      shape: devices along some of the axes ``class``, ``net`` and ``batch``; 0 or absent is chosen.

    Returns:
      A mesh of all the devices with the axes ``("class", "net", "batch")``.

    Raises:
      UserError: if the shape wanted does not take exactly the devices there are.

    Example:
      >>> dict(make_mesh(classes=2, networks=1, rows=256, devices=jax.devices()[:1]).shape)
      {'class': 1, 'net': 1, 'batch': 1}
    """
    devices = jax.devices() if devices is None else list(devices)
    wanted = [(shape or {}).get(axis) or 0 for axis in AXES]
    layouts = [
        sizes
        for sizes in itertools.product(_divisors(len(devices)), repeat=len(AXES))
        if math.prod(sizes) == len(devices)
        and all(want in (0, size) for want, size in zip(wanted, sizes, strict=True))
    ]
    if not layouts:
        parts = ", ".join(f"{axis}={want}" for axis, want in zip(AXES, wanted, strict=True) if want)
        raise UserError(
            f"a mesh of {parts} does not divide {len(devices)} devices evenly; "
            f"the axes {', '.join(AXES)} must multiply to {len(devices)}, and 0 is chosen"
        )

    def work(sizes):
        c, n, b = sizes
        return -(-classes // c) * -(-networks // n) * (-(-rows // b) + shared_rows)

    best = min(layouts, key=lambda sizes: (work(sizes), -sizes[0], -sizes[1]))
    # jax.make_mesh knows which devices of a TPU lie side by side.
    return jax.make_mesh(best, AXES, axis_types=(AxisType.Auto,) * len(AXES), devices=devices)


def replicate(tree: Array, mesh: Mesh | None) -> Array:
    """Puts a copy of arrays on every device of a mesh.

    Args:
      tree: a pytree of arrays; each process has the same.
      mesh: the mesh; ``None`` leaves the arrays where they are.

    Returns:
      The pytree; arrays that span processes if the mesh does.

    Example:
      >>> mesh = make_mesh(classes=1, networks=1, rows=1, devices=jax.devices()[:1])
      >>> replicate(np.ones(2), mesh).sharding.is_fully_replicated
      True
    """
    if mesh is None:
        return tree
    sharding = NamedSharding(mesh, PartitionSpec())

    def place(x):
        if isinstance(x, jax.core.Tracer) or getattr(x, "sharding", None) == sharding:
            return x
        if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
            data = place(jax.random.key_data(x))
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(x))
        if not mesh.is_multi_process:
            return jax.device_put(x, sharding)
        host = np.asarray(x)
        return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])

    return jax.tree.map(place, tree)


def _divisors(count: int) -> list[int]:
    return [n for n in range(1, count + 1) if count % n == 0]
