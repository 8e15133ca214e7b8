"""Core-sets: the images that the selection names, as a method and as a start."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import coreset, data, methods, nets, parallel, training
from medjax.coreset.selection import SELECTIONS, select_rows
from medjax.errors import UserError
from medjax.training import feature_vectors

KEY, SIZES, IPC = jax.random.key(3), (6, 9), (2, 4)
CORESETS = ("random", *SELECTIONS)


@pytest.fixture(scope="module")
def real(make_real):
    return make_real(SIZES)


@pytest.fixture(scope="module")
def net():
    return nets.make("mlp", num_classes=2, width=4)


def normalised(real):
    pixels = np.asarray(real.images, np.float32) / 255
    return (pixels - np.asarray(real.mean)) / np.asarray(real.std)


def rows_of(images, real):
    """Which training images these are."""
    gaps = np.abs(np.asarray(images)[:, None] - normalised(real)[None]).max((2, 3, 4))
    assert gaps.min(1).max() < 1e-5
    return gaps.argmin(1)


@pytest.mark.parametrize("name", CORESETS)
def test_images_are_training_images_of_their_class_and_never_change(real, net, name):
    distiller = methods.make(name, net=net, ipc=IPC)
    start = distiller.init(KEY, real)
    before, labels = np.asarray(start.images), np.asarray(start.labels)
    rows = rows_of(before, real)
    assert labels.tolist() == np.asarray(real.labels)[rows].tolist() == [0, 0, 1, 1, 1, 1]
    assert len(set(rows.tolist())) == sum(IPC)
    again = np.asarray(distiller.init(KEY, real).images)
    np.testing.assert_array_equal(again, before)
    state, info = distiller.step(KEY, start, real, 5)
    np.testing.assert_array_equal(state.images, before)
    assert int(state.step) == 5 and int(info.bad_step) == -1
    assert float(info.loss) == 0 and int(info.real_images) == 0


def test_the_key_decides_about_random(real, net):
    distiller = methods.random(net=net, ipc=IPC)
    one, other = (distiller.init(jax.random.key(seed), real).images for seed in (0, 1))
    assert (one != other).any()


@pytest.mark.parametrize("selection", SELECTIONS)
def test_by_pixels_it_is_the_selection_of_pixels(real, net, selection):
    choose = {"herding": coreset.herding, "kcenter": coreset.k_center}[selection]
    pixels = normalised(real).reshape(sum(SIZES), -1)
    wanted = choose(pixels, np.asarray(real.labels), IPC)
    state = methods.make(selection, net=net, ipc=IPC, space="pixels").init(KEY, real)
    assert rows_of(state.images, real).tolist() == wanted.tolist()


@pytest.mark.parametrize("selection", SELECTIONS)
def test_by_pixels_wherever_they_are(real, net, selection, tmp_path):
    wanted = methods.make(selection, net=net, ipc=IPC, space="pixels").init(KEY, real).images
    mesh = parallel.make_mesh(classes=2, networks=1, rows=1, devices=jax.devices()[:2])
    spread = methods.make(selection, net=net, ipc=IPC, space="pixels", mesh=mesh)
    found = spread.init(KEY, parallel.replicate(real, mesh)).images
    np.testing.assert_array_equal(found, wanted)
    np.save(tmp_path / "images.npy", real.images)
    on_disk = real._replace(images=data.place(np.load(tmp_path / "images.npy", mmap_mode="r")))
    found = methods.make(selection, net=net, ipc=IPC, space="pixels").init(KEY, on_disk).images
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_by_features_it_is_the_selection_of_a_trained_networks(real, net, selection):
    choose = {"herding": coreset.herding, "kcenter": coreset.k_center}[selection]
    images, labels = jnp.asarray(normalised(real)), np.asarray(real.labels)
    recipe = training.Recipe(epochs=20)
    variables = training.train_networks(KEY, net, images, labels, recipe=recipe, num_networks=1)
    features = np.asarray(training.embed(net, variables, images)[0])
    wanted = choose(features, labels, IPC).tolist()
    got = select_rows(KEY, real, IPC, selection=selection, net=net).tolist()
    assert got == wanted
    assert got != choose(normalised(real).reshape(len(labels), -1), labels, IPC).tolist()


def test_images_on_the_host_give_the_same_choice(real, net, tmp_path):
    file = np.memmap(tmp_path / "images", np.uint8, "w+", shape=real.images.shape)
    file[:] = np.asarray(real.images)
    host = real._replace(images=data.place(file))
    assert isinstance(host.images, data.HostImages)
    for space in (net, None):
        one, other = (
            select_rows(KEY, source, IPC, selection="herding", net=space) for source in (real, host)
        )
        assert one.tolist() == other.tolist()


def test_memory_holds_one_piece_of_the_images_on_disk(real, net, tmp_path, monkeypatch):
    monkeypatch.setattr(feature_vectors, "_IMAGES_PER_PIECE", 7)
    np.save(tmp_path / "images.npy", real.images)
    host = real._replace(images=data.place(np.load(tmp_path / "images.npy", mmap_mode="r")))
    sizes, read, choose = [], data.HostImages.read, SELECTIONS["herding"]
    monkeypatch.setattr(
        data.HostImages, "read", lambda self, rows: sizes.append(len(rows)) or read(self, rows)
    )
    seen = lambda found, *rest: sizes.append(type(found)) or choose(found, *rest)  # noqa: E731
    monkeypatch.setitem(SELECTIONS, "herding", seen)
    select_rows(KEY, host, IPC, selection="herding", net=None)
    assert sizes[-1] is np.memmap and max(sizes[:-1]) == 7
    assert [path.name for path in tmp_path.iterdir()] == ["images.npy"]


def test_a_choice_inside_a_program_is_refused(real, net):
    with pytest.raises(Exception, match="call init outside of jit"):
        init = methods.kcenter(net=net, ipc=IPC).init
        jax.block_until_ready(jax.jit(lambda key: init(key, real))(KEY))


@pytest.mark.parametrize("init", SELECTIONS)
def test_a_start_for_a_method_that_distils(real, net, init):
    start = methods.dm(net=net, ipc=IPC, init=init).init(KEY, real)
    coreset = methods.make(init, net=net, ipc=IPC).init(KEY, real)
    np.testing.assert_array_equal(start.images, coreset.images)


def test_the_shape_of_a_start_is_known_without_making_it(real, net, monkeypatch):
    monkeypatch.setitem(SELECTIONS, "kcenter", lambda *_: pytest.fail("it chose"))
    distiller = methods.kcenter(net=net, ipc=IPC)
    state = jax.eval_shape(lambda key: distiller.init(key, real), KEY)
    assert state.images.shape == (sum(IPC), 8, 8, 1)


def test_what_cannot_be_chosen_is_named(real, net):
    with pytest.raises(UserError, match=r"unknown space 'pixel' \(did you mean 'pixels'\?\)"):
        methods.herding(net=net, ipc=1, space="pixel")
    for name in CORESETS:
        with pytest.raises(UserError, match="class 0 has 6 training images, too few to start 7"):
            methods.make(name, net=net, ipc=7).init(KEY, real)
