"""One dictionary of all methods, through the same checks."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import methods
from medjax.types import SyntheticSet

KEY = jax.random.key(0)
SIZES = (6, 14, 20)
IPC = (1, 3, 4)
BATCH = 8
METHODS = {
    "dm": {"augment": "color_crop"},
    "dc": {"outer_loop": 2, "inner_loop": 2, "learning_rate": 1.0},
    "dsa": {"outer_loop": 2, "inner_loop": 2, "learning_rate": 1.0, "augment": "color_crop"},
    "idm": {
        "augment": "color_crop",
        "learning_rate": 1.0,
        "ce_weight": 0.002,
        "num_networks_kept": 5,
        "new_network_every": 3,
        "train_steps": 2,
    },
    "idc": {
        "outer_loop": 2,
        "train_images": 8,
        "learning_rate": 100.0,
        "augment": "color_crop",
    },
    "mtt": {
        "learning_rate": 100.0,
        "step_size": 0.1,
        "step_size_learning_rate": 1e-3,
        "augment": "color_crop",
        "syn_steps": 4,
        "batch_syn": 4,
        "max_start_epoch": 2,
        "num_experts": 3,
        "train_epochs": 5,
        "net_learning_rate": 0.05,
    },
    "ncfm": {
        "augment": "color_crop",
        "factor": 1,
        "num_frequencies": 64,
        "num_experts": 3,
        "train_epochs": 10,
    },
}
FOLLOWING = {name: METHODS["mtt"][name] for name in METHODS["mtt"] if name != "max_start_epoch"}
METHODS["datm"] = FOLLOWING | {
    "max_start_epoch": 3,
    "first_max_start_epoch": 1,
    "expansion_iterations": 4,
    "label_learning_rate": 0.5,
}
METHODS["datm+ema"] = METHODS["datm"] | {"ema": 0.5}
METHODS["hoptm"] = FOLLOWING | {"max_start_epoch": 2, "base_threshold": 1e-3}
# A name after a plus tells apart what has the same method.
METHODS["dsa+factor"] = METHODS["dsa"] | {"factor": 2}
METHODS["mtt+factor"] = METHODS["mtt"] | {"factor": 2}
METHODS["dm+rbf"] = METHODS["dm"] | {"distance": "rbf", "learning_rate": 30.0}
METHODS["dm+ncf"] = METHODS["dm"] | {"distance": "ncf"}
METHODS["auto"] = METHODS["dm"]
METHODS["ncfm+network"] = METHODS["ncfm"] | {"sampling": "network"}
MATCHED = 6 + 8 + 8  # the smallest class counts with all it has
LOOKED_AT = {"dm": MATCHED, "auto": MATCHED, "idm": MATCHED, "ncfm": MATCHED}
LOOKED_AT |= dict.fromkeys(("dc", "dsa", "idc"), 2 * MATCHED)
LOOKED_AT |= dict.fromkeys(("mtt", "datm", "hoptm"), 0)


class Case(NamedTuple):
    name: str
    real: Any
    distiller: methods.Distiller

    def start(self):
        return self.distiller.init(KEY, self.real)

    def run(self, *lengths, key=KEY):
        """Calls of the given lengths, from the start."""
        state, infos = self.start(), []
        for length in lengths:
            state, info = self.distiller.step(key, state, self.real, length)
            infos.append(info)
        return state, infos


@pytest.fixture(scope="module", params=METHODS)
def case(request, make_net, make_real):
    net, (name, *_) = make_net(len(SIZES), depth=2), request.param.split("+")
    options = {"ipc": IPC, "batch_real": BATCH, "init": "noise", **METHODS[request.param]}
    distiller, real = methods.make(name, net=net, **options), make_real(SIZES)
    if distiller.experts:
        experts = methods.train_experts(KEY, net, distiller.experts, real)
        real = real._replace(experts=experts)
    return Case(name, real, distiller)


def assert_identical(ours, theirs):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_every_method_is_here():
    # Which change nothing, see test_coreset.py and test_rded.py.
    coresets = {"herding", "kcenter", "random", "rded"}
    assert {name.split("+")[0] for name in METHODS} | coresets == set(methods.names())


def test_every_image_moves_and_keeps_its_label(case):
    start = case.start()
    before, labels = np.asarray(start.images), np.asarray(start.labels)
    soft = case.distiller.soft_labels
    state, (info,) = case.run(1)
    moved = np.abs(np.asarray(state.images) - before).max((1, 2, 3))
    assert moved.min() > 0 and np.isfinite(moved).all()
    if soft:  # learned logits, which are decoded to probabilities
        decoded = case.distiller.decode(SyntheticSet(state.images, state.labels)).labels
        np.testing.assert_allclose(decoded.sum(axis=1), 1, rtol=1e-5)
        assert np.abs(state.labels - labels).max(axis=1).min() > 0
    else:
        assert labels.tolist() == state.labels.tolist() == [0, 1, 1, 1, 2, 2, 2, 2]
    assert int(state.step) == 1 and int(info.bad_step) == -1 and float(info.loss) > 0


def test_real_images_are_counted(case):
    each = LOOKED_AT[case.name]
    _, infos = case.run(1, 3)
    assert [int(info.real_images) for info in infos] == [each, 3 * each]


def test_calls_of_any_length_share_a_program(case):
    case.run(1, 2, 4)
    assert case.distiller.step._cache_size() == 1


def test_the_state_is_donated(case):
    state = case.start()
    case.distiller.step(KEY, state, case.real, 1)
    assert state.images.is_deleted() and not case.real.images.is_deleted()


def test_the_length_of_calls_changes_nothing(case):
    assert_identical(case.run(2, 3)[0], case.run(5)[0])


def test_a_state_from_outside_resumes_alike(case):
    halfway = jax.tree.map(np.asarray, case.run(2)[0])
    state, _ = case.distiller.step(KEY, jax.tree.map(jnp.asarray, halfway), case.real, 3)
    assert_identical(state, case.run(5)[0])


def test_the_key_decides(case):
    first, again = case.run(3)[0], case.run(3)[0]
    assert_identical(first, again)
    other = case.run(3, key=jax.random.key(1))[0]
    assert (np.asarray(other.images) != np.asarray(first.images)).any()


def test_it_lowers_its_own_loss(case):
    _, infos = case.run(10, 80, 10)
    first, _, last = (float(info.loss) for info in infos)
    assert last < 0.8 * first


def test_pixels_that_are_not_finite_stop_it(case):
    state = case.start()
    state = state._replace(images=state.images.at[2, 4, 4, 0].set(jnp.nan), step=state.step + 7)
    state, info = case.distiller.step(KEY, state, case.real, 5)
    assert int(info.bad_step) == 7 and int(state.step) == 8


# For DM alone, as images of one class also train the networks that match another.
@pytest.mark.parametrize("case", ["dm"], indirect=True)
def test_padding_changes_nothing(case):
    # Image 0 fills the padding of the classes with fewer images than the largest.
    state = case.start()
    changed = case.start()._replace(images=state.images.at[0].multiply(-3.0))
    state, _ = case.distiller.step(KEY, state, case.real, 1)
    changed, _ = case.distiller.step(KEY, changed, case.real, 1)
    np.testing.assert_array_equal(state.images[1:], changed.images[1:])


# Which magnify the rounding of float32, by a loss of 300 times a distance or by Adam.
MAGNIFYING = ("dm+ncf", "ncfm+network")


@pytest.fixture
def precise_case(request, case):
    """The case, in float64 if it magnifies rounding."""
    if request.node.callspec.params["case"] not in MAGNIFYING:
        yield case
        return
    with jax.enable_x64(True):
        floats = {name: getattr(case.real, name) for name in ("mean", "std", "experts")}
        wide = {name: x.astype(jnp.float64) for name, x in floats.items() if x is not None}
        yield case._replace(real=case.real._replace(**wide))


@pytest.mark.bits
def test_one_device_or_eight(precise_case):
    case = precise_case
    mesh = jax.make_mesh((8,), ("image",), axis_types=(jax.sharding.AxisType.Auto,))
    split, whole = (
        jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*names))
        for names in (("image",), ())
    )

    def spread(tree):
        """Arrays of one row an image are cut into eight parts; the others are everywhere."""
        parts = [split if x.shape[:1] in ((8,), (40,)) else whole for x in jax.tree.leaves(tree)]
        return jax.device_put(tree, jax.tree.unflatten(jax.tree.structure(tree), parts))

    real, state = spread(case.real), spread(case.start())
    assert len(real.images.sharding.device_set) == len(state.images.sharding.device_set) == 8
    state, info = case.distiller.step(spread(KEY), state, real, 3)
    expected, (expected_info,) = case.run(3)
    np.testing.assert_allclose(state.images, expected.images, atol=1e-5)
    assert float(info.loss) == pytest.approx(float(expected_info.loss), rel=1e-5)
