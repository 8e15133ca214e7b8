"""Meshes, chosen by the work or given."""

import jax
import numpy as np
import pytest

from medjax import parallel
from medjax.errors import UserError


@pytest.mark.parametrize(
    ("work", "shape"),
    [
        ({"classes": 8, "networks": 1, "rows": 256}, (8, 1, 1)),
        ({"classes": 2, "networks": 1, "rows": 256}, (2, 1, 4)),
        ({"classes": 2, "networks": 4, "rows": 256}, (2, 4, 1)),
        ({"classes": 1, "networks": 8, "rows": 20}, (1, 8, 1)),
        # Nine classes on eight devices: two rounds would leave seven devices idle in the second.
        ({"classes": 9, "networks": 1, "rows": 256}, (1, 1, 8)),
        # … unless what each device of a class repeats outweighs that.
        ({"classes": 9, "networks": 1, "rows": 256, "shared_rows": 500}, (8, 1, 1)),
        # Five networks on eight devices: three idle devices cost more than a divided minibatch.
        ({"classes": 1, "networks": 5, "rows": 64}, (1, 1, 8)),
    ],
)
def test_the_layout_with_the_least_work_is_chosen(work, shape):
    mesh = parallel.make_mesh(**work)
    assert tuple(mesh.shape[axis] for axis in parallel.AXES) == shape


def test_a_given_axis_is_kept_and_the_others_are_chosen():
    mesh = parallel.make_mesh(classes=8, networks=4, rows=256, shape={"class": 2})
    assert mesh.shape["class"] == 2 and mesh.size == 8


def test_a_mesh_of_some_devices():
    mesh = parallel.make_mesh(classes=8, networks=1, rows=1, devices=jax.devices()[2:4])
    assert mesh.shape["class"] == 2 and set(mesh.devices.flat) == set(jax.devices()[2:4])


def test_a_shape_that_does_not_fit_is_refused():
    message = r"a mesh of class=3, batch=2 does not divide 8 devices evenly; .* must multiply to 8"
    with pytest.raises(UserError, match=message):
        parallel.make_mesh(classes=3, networks=1, rows=1, shape={"class": 3, "batch": 2})


def test_copies_lie_on_every_device():
    mesh = parallel.make_mesh(classes=8, networks=1, rows=1)
    tree = {"x": np.arange(3), "key": jax.random.key(7)}
    placed = parallel.replicate(tree, mesh)
    assert placed["x"].sharding.device_set == set(jax.devices())
    assert [s.data.tolist() for s in placed["x"].addressable_shards] == [[0, 1, 2]] * 8
    assert jax.random.bits(placed["key"]) == jax.random.bits(tree["key"])
    assert parallel.replicate(placed, mesh)["x"] is placed["x"]
    assert parallel.replicate(tree, None) is tree
