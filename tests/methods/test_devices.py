"""Methods on several devices: the same numbers, and no other communication than is meant."""

import collections
import functools
import re

import jax
import numpy as np
import pytest

from medjax import data, methods, parallel

KEY = jax.random.key(0)
SIZES = (6, 14, 20)  # three classes: uneven on two, four and eight devices
# DC is DSA without an augmentation.
METHODS = {
    "dm": {"augment": "color_crop"},
    "dsa": {"outer_loop": 2, "inner_loop": 2, "learning_rate": 1.0, "augment": "color_crop"},
    "idm": {"augment": "color_crop", "num_networks_kept": 5, "train_steps": 2},
    "idc": {"outer_loop": 2, "train_images": 13, "pretrain_epochs": 1, "learning_rate": 30.0},
    "mtt": {
        "learning_rate": 10.0,
        "augment": "color_crop",
        "syn_steps": 2,
        "max_start_epoch": 2,
        "expert_epochs": 1,
        "num_experts": 2,
        "train_epochs": 2,
    },
    "ncfm": {
        "augment": "color_crop",
        "num_frequencies": 64,
        "num_experts": 2,
        "train_epochs": 2,
        "sampling": "network",
    },
}
METHODS["auto"] = METHODS["dm"]
METHODS["datm"] = METHODS["mtt"] | {"first_max_start_epoch": 1}
METHODS["hoptm"] = METHODS["mtt"] | {"base_threshold": 1e-4}
SHAPES = [(2, 1, 1), (1, 2, 1), (1, 1, 2), (8, 1, 1), (2, 2, 2)]


@pytest.fixture(scope="module", params=METHODS)
def make(request, make_net):
    """A method with three networks, on a mesh or without, compiled once for each."""
    net, name = make_net(len(SIZES), depth=2), request.param
    options = {"ipc": (1, 3, 4), "batch_real": 7, "num_networks": 3, "init": "noise"}
    options |= METHODS[name]

    @functools.cache
    def make(mesh=None):
        return methods.make(name, net=net, mesh=mesh, **options)

    return make


@pytest.fixture(scope="module")
def real(make, make_real, make_net):
    """Images, and experts where they are asked for."""
    real, experts = make_real(SIZES), make().experts
    if experts is None:
        return real
    net = make_net(len(SIZES), depth=2)
    return real._replace(experts=methods.train_experts(KEY, net, experts, real))


@pytest.fixture(scope="module")
def alone(make, real):
    return run(make(), real)


def mesh_of(shape):
    sizes = dict(zip(parallel.AXES, shape, strict=True))
    devices = jax.devices()[: int(np.prod(shape))]
    return parallel.make_mesh(classes=3, networks=3, rows=7, shape=sizes, devices=devices)


def run(distiller, real):
    start = distiller.init(KEY, real)
    before = np.asarray(start.images)
    state, info = distiller.step(KEY, start, real, 2)
    assert len({np.asarray(s.data).tobytes() for s in state.images.addressable_shards}) == 1
    return np.asarray(state.images) - before, float(info.loss), int(info.real_images)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_devices_change_no_number(make, alone, real, shape):
    mesh = mesh_of(shape)
    moved, loss, matched = run(make(mesh), parallel.replicate(real, mesh))
    np.testing.assert_allclose(moved, alone[0], rtol=0, atol=2e-5 * np.abs(alone[0]).max())
    np.testing.assert_allclose(loss, alone[1], rtol=1e-6)
    assert matched == alone[2]


@pytest.mark.bits
@pytest.mark.parametrize("shape", [(2, 1, 1), (1, 2, 1)], ids=str)
def test_where_no_sum_is_divided_the_bits_are_the_same(make_net, make_real, shape):
    """Classes and networks apart, and no training between updates."""

    def images(mesh):
        options = {
            "ipc": 2,
            "batch_real": 7,
            "num_networks": 2,
            "init": "noise",
            "distance": "cosine",
        }
        net = make_net(len(SIZES), depth=1)
        distiller = methods.make("dc", net=net, mesh=mesh, outer_loop=1, **options)
        return run(distiller, parallel.replicate(make_real(SIZES), mesh))[0]

    np.testing.assert_array_equal(images(mesh_of(shape)), images(None))


COLLECTIVE = re.compile(
    r" (all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute|collective-broadcast)"
    r"(?:-start)?\("
)


def collectives(make, real, mesh):
    """Collectives by kind, with how many a call of the step has."""
    distiller = make(mesh)
    real = parallel.replicate(real, mesh)
    state = distiller.init(KEY, real)
    text = distiller.step.lower(KEY, state, real, 1).compile().as_text()
    return collections.Counter(COLLECTIVE.findall(text))


# docs/SCALING.md lists them: the images' gradient with the loss; a class's mean or gradient over
# its real images; and the gradient of a minibatch of the training between two updates with, once,
# the number of its rows, which the compiler may or may not send apart. The gradient by the
# frequencies of a sampling network goes back through the sums over real images, and is averaged.
# The deviations of a class need a mean, sent with that of DM, and are summed once it is known.
GRADIENT, REAL_SIDE, TRAINING, ROWS, FREQUENCIES, DEVIATIONS = 1, 1, 1, 1, 2, 1
EXPECTED = {
    "dm": {"class": {GRADIENT}, "net": {GRADIENT}, "batch": {REAL_SIDE}},
    "dsa": {
        "class": {GRADIENT + TRAINING, GRADIENT + TRAINING + ROWS},
        "net": {GRADIENT},
        "batch": {REAL_SIDE + TRAINING, REAL_SIDE + TRAINING + ROWS},
    },
    # A minibatch of the networks is divided along every axis.
    "idm": {
        "class": {GRADIENT + TRAINING, GRADIENT + TRAINING + ROWS},
        "net": {GRADIENT + TRAINING, GRADIENT + TRAINING + ROWS},
        "batch": {REAL_SIDE + TRAINING, REAL_SIDE + TRAINING + ROWS},
    },
    "idc": {
        "class": {GRADIENT + TRAINING, GRADIENT + TRAINING + ROWS},
        "net": {GRADIENT},
        "batch": {REAL_SIDE + TRAINING, REAL_SIDE + TRAINING + ROWS},
    },
    # Students alone are divided: the other axes have nothing to say to each other.
    "mtt": {"class": {0}, "net": {GRADIENT}, "batch": {0}},
    "ncfm": {"class": {GRADIENT}, "net": {GRADIENT}, "batch": {REAL_SIDE + FREQUENCIES}},
}
EXPECTED["auto"] = EXPECTED["dm"] | {"batch": {REAL_SIDE + DEVIATIONS}}
EXPECTED["datm"] = EXPECTED["hoptm"] = EXPECTED["mtt"]


def test_label_rows_need_no_other_message(make_net, make_real):
    rows = np.eye(3, dtype=np.int32)[np.arange(20) % 3]
    split = data.Split(np.asarray(make_real((20,)).images), rows)
    stats = {"mean": np.full(1, 0.4, np.float32), "std": np.full(1, 0.2, np.float32)}
    real = data.real_data(split, num_classes=3, **stats)
    options = {"net": make_net(3, depth=2), "ipc": 2, "num_groups": 3, "batch_real": 7}
    mesh = mesh_of((1, 1, 2))
    found = collectives(lambda mesh: methods.make("dm", mesh=mesh, **options), real, mesh)
    assert found == {"all-reduce": REAL_SIDE}


@pytest.mark.parametrize("axis", parallel.AXES)
def test_only_the_collectives_that_are_documented(make, real, request, axis):
    mesh = mesh_of([2 if name == axis else 1 for name in parallel.AXES])
    found = collectives(make, real, mesh)
    assert set(found) <= {"all-reduce"}
    assert found["all-reduce"] in EXPECTED[request.node.callspec.params["make"]][axis]
