"""Real images on the host: every method draws the same, and what it draws is read ahead.

MTT looks at none once it has begun: ``test_experts.py`` has its experts on the host.
"""

import jax
import numpy as np
import pytest

from medjax import data, methods, parallel

pytestmark = pytest.mark.bits

KEY = jax.random.key(0)
SIZES = (6, 14, 20)
METHODS = {
    "dm": {"augment": "color_crop", "num_networks": 2, "init": "real"},
    "idm": {"augment": "color_crop", "num_networks_kept": 3, "factor": 1, "init": "real"},
    "dc": {"outer_loop": 2, "inner_loop": 1, "learning_rate": 1.0},
    "dsa": {"outer_loop": 2, "inner_loop": 1, "augment": "color_crop", "num_networks": 2},
    "idc": {"outer_loop": 3, "train_images": 13, "pretrain_epochs": 2, "num_networks": 2},
}


@pytest.fixture(scope="module", params=METHODS)
def distiller(request, make_net):
    options = {"ipc": (1, 3, 4), "batch_real": 8, **METHODS[request.param]}
    return methods.make(request.param, net=make_net(3, depth=1), **options)


@pytest.fixture
def in_memory(make_real):
    return make_real(SIZES)


@pytest.fixture
def on_disk(in_memory, tmp_path):
    np.save(tmp_path / "images.npy", in_memory.images)
    images = data.place(np.load(tmp_path / "images.npy", mmap_mode="r"))
    return in_memory._replace(images=images)


def run(distiller, real, *, ahead):
    state = distiller.init(KEY, real)
    step, results, direct = 0, [np.asarray(state.images)], []
    for count in (2, 3):
        if ahead:
            methods.read_ahead(KEY, distiller, real, step=step, num_steps=count)
        state, info = distiller.step(KEY, state, real, count)
        results += [np.asarray(state.images), np.asarray(info.loss)]
        direct.append(getattr(real.images, "direct_reads", None))
        step += count
    return results, direct


def test_the_pixels_are_identical(distiller, in_memory, on_disk):
    expected, _ = run(distiller, in_memory, ahead=True)  # which does nothing here
    alone, direct = run(distiller, on_disk, ahead=False)
    assert 0 < direct[0] < direct[1]
    ahead, direct = run(distiller, on_disk, ahead=True)
    assert direct == [0, 0]  # every batch had been foreseen
    for ours in (alone, ahead):
        for a, b in zip(ours, expected, strict=True):
            np.testing.assert_array_equal(a, b)
    assert distiller.step._cache_size() == 2  # one program for each place of the images


def test_a_wrong_prediction_is_only_slower(distiller, in_memory, on_disk):
    expected, _ = run(distiller, in_memory, ahead=False)
    on_disk.images.read_ahead(np.zeros((50, 8), np.int32))
    ours, direct = run(distiller, on_disk, ahead=False)
    assert direct[1] > 0
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("distiller", ["dm", "idc"], indirect=True)
def test_one_device_or_eight(distiller, on_disk, class_mesh):
    expected, _ = run(distiller, on_disk, ahead=True)
    everywhere = jax.sharding.NamedSharding(class_mesh, jax.sharding.PartitionSpec())
    ours, direct = run(distiller, jax.device_put(on_disk, everywhere), ahead=True)
    assert direct == [0, 0]
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_rows_of_each_device_are_read_ahead(make_net, in_memory, on_disk):
    """Seven images a class on two devices: four and three, which is filled up to four."""
    shape = {"class": 1, "net": 1, "batch": 2}
    mesh = parallel.make_mesh(classes=3, networks=1, rows=7, shape=shape, devices=jax.devices()[:2])
    net = make_net(3, depth=1)
    options = {"net": net, "ipc": 2, "batch_real": 7, "init": "noise", "augment": "none"}
    expected, _ = run(methods.make("dm", **options), in_memory, ahead=False)
    ours, direct = run(methods.make("dm", mesh=mesh, **options), on_disk, ahead=True)
    assert direct == [0, 0]
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_minibatches_are_read_ahead_by_every_device(make_net, in_memory, on_disk):
    """Forty images on two devices along each axis in turn, which divide them alike."""
    options = {"net": make_net(3, depth=1), "ipc": 2, "batch_real": 7, "init": "noise"}
    options |= {"augment": "none", "num_networks_kept": 3, "train_steps": 2, "num_networks": 2}
    expected, _ = run(methods.make("idm", **options), in_memory, ahead=False)
    for axis in ("net", "batch"):
        shape = {name: 2 if name == axis else 1 for name in parallel.AXES}
        sizes = {"classes": 3, "networks": 2, "rows": 7}
        mesh = parallel.make_mesh(**sizes, shape=shape, devices=jax.devices()[:2])
        ours, direct = run(methods.make("idm", mesh=mesh, **options), on_disk, ahead=True)
        assert direct == [0, 0]
        for a, b in zip(ours, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_all_of_mednist_in_memory_and_on_disk(real_data_root, make_net, tmp_path):
    """47,164 real images: the same draws and the same pixels."""
    name = "mednist_28_derived"
    if not (real_data_root / f"{name}.npz").exists():
        pytest.skip(f"needs {name}.npz")
    distiller = methods.dm(net=make_net(6, depth=1), ipc=2, init="real", batch_real=32)
    results = []
    for above in (2**40, 0):
        streaming = data.Streaming(above=above, cache=tmp_path)
        found = data.load(name, root=real_data_root, streaming=streaming)
        stats = {"mean": found.mean, "std": found.std}
        real = data.real_data(found.train, num_classes=6, **stats)
        assert isinstance(real.images, data.HostImages) == (above == 0)
        found, direct = run(distiller, real, ahead=True)
        assert direct == [None if above else 0] * 2
        results.append(found)
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
