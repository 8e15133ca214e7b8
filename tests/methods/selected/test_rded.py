"""RDED: crops of training images of each class, which never change."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import data, methods, nets, parallel, training
from medjax.errors import UserError
from medjax.methods import rded
from medjax.methods.selected import crops
from medjax.types import SyntheticSet

KEY, SIZES, IPC = jax.random.key(3), (9, 14), (1, 2)


@pytest.fixture(scope="module")
def real(make_real):
    return make_real(SIZES)


@pytest.fixture(scope="module")
def net():
    return nets.make("mlp", num_classes=2, width=4)


def taken(real, rows, boxes):
    return crops.crop(data.take(real, rows), boxes)


def wanted(real, net, key, *, factor, num_crops=5, num_candidates=300):
    """The stored images, class by class, from the public parts."""
    network_key, rows_key, boxes_key = jax.random.split(
        jax.random.fold_in(key, np.uint32(2**32 - 1)), 3
    )
    stats = np.asarray(real.mean), np.asarray(real.std)
    images, labels = np.asarray(real.images), np.asarray(real.labels)
    recipe = training.Recipe(epochs=20)
    teacher = training.train_networks(
        network_key, net, images, labels, recipe=recipe, num_networks=1, stats=stats
    )
    stored = []
    for label, ipc in enumerate(IPC):
        key = jax.random.fold_in(rows_key, label)
        rows, _ = data.sample_rows(key, real, label, batch=num_candidates)
        rows = rows[: SIZES[label]]
        boxes = crops.random_boxes(boxes_key, rows, num_crops=num_crops)
        seen = taken(real, jnp.repeat(rows, num_crops), boxes.reshape(-1, 3))
        seen = methods.at_patch_size(seen, factor=factor)
        logits = np.asarray(training.predict(net, teacher, seen)[0], np.float64)
        losses = np.log(np.exp(logits).sum(1)) - logits[:, label]
        losses = losses.reshape(-1, num_crops)
        best = np.argsort(losses.min(1))[: ipc * factor**2]
        chosen = taken(real, rows[best], boxes[best, losses[best].argmin(1)])
        stored.append(methods.pack(chosen, factor=factor))
    return np.concatenate(stored)


@pytest.mark.parametrize("factor", [1, 2])
@pytest.mark.parametrize("num_candidates", [300, 8])
def test_it_is_the_choice_of_the_teacher(real, net, factor, num_candidates):
    distiller = rded(net=net, ipc=IPC, factor=factor, num_candidates=num_candidates, num_crops=3)
    state = distiller.init(KEY, real)
    expected = wanted(real, net, KEY, factor=factor, num_candidates=num_candidates, num_crops=3)
    np.testing.assert_allclose(state.images, expected, rtol=1e-5, atol=1e-5)
    assert state.labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize("factor", [1, 2])
def test_images_never_change(real, net, factor):
    distiller = methods.make("rded", net=net, ipc=IPC, factor=factor)
    start = distiller.init(KEY, real)
    before = np.asarray(start.images)
    np.testing.assert_array_equal(distiller.init(KEY, real).images, before)
    assert (np.asarray(distiller.init(jax.random.key(4), real).images) != before).any()
    state, info = distiller.step(KEY, start, real, 5)
    np.testing.assert_array_equal(state.images, before)
    assert int(state.step) == 5 and int(info.bad_step) == -1
    assert float(info.loss) == 0 and int(info.real_images) == 0
    decoded = distiller.decode(SyntheticSet(state.images, state.labels))
    assert decoded.labels.tolist() == np.repeat([0, 1, 1], factor**2).tolist()


def test_large_images_hold_four_crops(net):
    distiller = rded(net=net, ipc=1)
    for side, count in ((28, 1), (63, 1), (64, 4)):
        stored = SyntheticSet(jnp.zeros((1, side, side, 1)), jnp.zeros(1, int))
        decoded = distiller.decode(stored)
        assert len(decoded.images) == count


def test_devices_and_the_place_of_images_change_nothing(real, net, tmp_path):
    wanted = rded(net=net, ipc=IPC, factor=2).init(KEY, real).images
    mesh = parallel.make_mesh(classes=2, networks=1, rows=1, devices=jax.devices()[:2])
    spread = rded(net=net, ipc=IPC, factor=2, mesh=mesh)
    found = spread.init(KEY, parallel.replicate(real, mesh)).images
    assert len(found.sharding.device_set) == 2
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    np.save(tmp_path / "images.npy", real.images)
    on_disk = real._replace(images=data.place(np.load(tmp_path / "images.npy", mmap_mode="r")))
    found = rded(net=net, ipc=IPC, factor=2).init(KEY, on_disk).images
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_shape_of_a_start_is_known_without_making_it(real, net, monkeypatch):
    distiller = rded(net=net, ipc=IPC, factor=2)
    state = jax.eval_shape(lambda key: distiller.init(key, real), KEY)
    assert state.images.shape == (3, 8, 8, 1)
    with pytest.raises(Exception, match="call init outside of jit"):
        jax.block_until_ready(jax.jit(lambda key: distiller.init(key, real))(KEY))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_crops": 0}, "num_crops must be at least 1, got 0"),
        ({"num_candidates": 0}, "num_candidates must be at least 1, got 0"),
        ({"factor": 0}, "factor must be at least 1, got 0"),
        ({"factor": 9}, "factor must be a whole number from 1 to 8, got 9"),
        ({"num_candidates": 7, "factor": 2}, "num_candidates must be at least 8, the crops that"),
        ({"ipc": (3, 1), "factor": 2}, "class 0 has 9 training images, too few for 12 crops; use "),
        ({"ipc": 1, "num_groups": 3}, "ipc is for 3 classes, but there are 2"),
    ],
)
def test_what_cannot_be_chosen(real, net, options, message):
    with pytest.raises(UserError, match=message):
        rded(net=net, **{"ipc": IPC, **options}).init(KEY, real)


def test_findings_are_refused(real, net):
    findings = real._replace(labels=jax.nn.one_hot(real.labels, 2))
    with pytest.raises(UserError, match="a crop of an image may lack some of its findings"):
        rded(net=net, ipc=1).init(KEY, findings)
