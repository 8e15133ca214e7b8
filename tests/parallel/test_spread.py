"""Shares: every item on one device, and padding never counted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import PartitionSpec

from medjax import parallel


@pytest.fixture(scope="module")
def mesh():
    return parallel.make_mesh(
        classes=1, networks=1, rows=1, shape={"class": 2, "net": 2, "batch": 2}
    )


@pytest.mark.parametrize("count", [1, 3, 8, 9])
def test_every_item_has_one_device(mesh, count):
    def own():
        mine = parallel.share(count, parallel.AXES)
        return mine.items, mine.used

    items, used = parallel.on_mesh(own, mesh, in_specs=(), out_specs=PartitionSpec(parallel.AXES))()
    assert items[used].tolist() == list(range(count))
    assert items[~used].tolist() == [0] * int((~used).sum())


@pytest.mark.parametrize("axes", [("class",), ("class", "batch"), parallel.AXES])
def test_shares_add_up_to_the_whole(mesh, axes):
    whole = jnp.arange(10.0).reshape(5, 2)

    def round_trip(whole):
        mine = parallel.share(len(whole), axes)
        # Padding must not count, whatever its values.
        values = jnp.where(mine.used[:, None], mine.take(whole), jnp.nan)
        return lax.psum(mine.place(values, count=len(whole)), axes)

    np.testing.assert_array_equal(parallel.on_mesh(round_trip, mesh)(whole), whole)


def test_weights_are_zero_for_padding(mesh):
    def counted():
        return lax.psum(jnp.sum(parallel.share(5, ("net",)).weights(jnp.float32)), "net")

    assert parallel.on_mesh(counted, mesh, in_specs=())() == 5


def test_one_device_has_everything():
    mine, values = parallel.share(3, ()), jnp.arange(3)
    assert mine.take(values) is mine.mask(values) is mine.place(values, count=3) is values
    assert mine.weights(jnp.float32) is None


def test_axes_of_one_device_are_skipped():
    mesh = parallel.make_mesh(classes=2, networks=1, rows=1, shape={"class": 2, "batch": 4})
    assert parallel.axes_of(mesh) == parallel.Axes(classes=("class",), rows=("batch",))
    assert parallel.axes_of(None) == parallel.Axes()


def test_a_mesh_of_one_device_adds_nothing():
    mesh = parallel.make_mesh(classes=2, networks=1, rows=1, devices=jax.devices()[:1])
    assert parallel.on_mesh(jnp.sin, mesh) is jnp.sin
