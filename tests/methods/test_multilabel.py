"""Multi-label sets: groups of images, label rows, and the same numbers wherever they are made."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import coreset, data, kernels, methods, parallel
from medjax.errors import UserError
from medjax.methods.networks import random_networks

KEY = jax.random.key(0)
IPC = (2, 1, 3, 2)  # of the images with each finding, and last of those without any
METHODS = {
    "dm": {"augment": "color_crop"},
    "dc": {"outer_loop": 2, "inner_loop": 1, "learning_rate": 1.0},
    "dsa": {"outer_loop": 2, "inner_loop": 1, "augment": "color_crop", "label_learning_rate": 5.0},
    "idm": {"augment": "color_crop", "num_networks_kept": 3, "train_steps": 2, "factor": 1},
    "idc": {"outer_loop": 2, "train_images": 8, "learning_rate": 30.0, "cutmix": 0.0},
    "mtt": {
        "learning_rate": 100.0,
        "augment": "none",
        "syn_steps": 2,
        "max_start_epoch": 1,
        "expert_epochs": 1,
        "num_experts": 1,
        "train_epochs": 1,
    },
    "ncfm": {"augment": "color_crop", "num_frequencies": 32, "num_experts": 1, "train_epochs": 1},
}


def findings():
    """Three findings on 8×8 pixels, the third hardly ever without the second."""
    rng = np.random.default_rng(0)
    rows = rng.random((40, 3)) < [0.3, 0.3, 0.1]
    rows[:, 2] |= rows[:, 1] & (rng.random(40) < 0.7)
    across, down = np.indices((8, 8)) // 2 % 2
    shapes = np.stack([across, down, across ^ down])
    pixels = 40 + 50 * np.tensordot(rows.astype(int), shapes, 1) + rng.integers(0, 40, (40, 8, 8))
    return data.Split(pixels.astype(np.uint8)[..., None], rows.astype(np.int32))


SPLIT = findings()
GROUPS = data.group_indices(SPLIT.labels, num_classes=3)


@pytest.fixture(scope="module")
def real():
    stats = {"mean": np.full(1, 0.4, np.float32), "std": np.full(1, 0.2, np.float32)}
    return data.real_data(SPLIT, num_classes=3, **stats)


@pytest.fixture(scope="module", params=METHODS)
def make(request, make_net):
    options = {"ipc": IPC, "num_groups": 4, "init": "noise", "batch_real": 8} | METHODS[
        request.param
    ]
    net = make_net(3, depth=1)
    return lambda **more: methods.make(request.param, net=net, **options | more)


@pytest.fixture(scope="module")
def ready(make, make_net, real):
    """The images, with experts where they are asked for."""
    experts = make().experts
    if experts is None:
        return real
    trained = methods.train_experts(KEY, make_net(3, depth=1), experts, real)
    return real._replace(experts=trained)


def run(distiller, real, *, steps=3):
    start = distiller.init(KEY, real)
    before = np.asarray(start.images), np.asarray(start.labels)
    state, info = distiller.step(KEY, start, real, steps)
    return before, (np.asarray(state.images), np.asarray(state.labels)), info


@pytest.fixture(scope="module")
def alone(make, ready):
    """Two networks on one device."""
    return run(make(num_networks=2), ready, steps=2)


def group_of(row):
    """The groups that an image with this row is in."""
    return {*np.flatnonzero(row)} or {3}


def test_groups_are_of_each_finding_and_of_none(real):
    assert [len(g) for g in GROUPS] == real.counts.tolist() and len(GROUPS) == 4
    for finding, rows in enumerate(GROUPS[:3]):
        assert (SPLIT.labels[rows, finding] == 1).all()
    assert not SPLIT.labels[GROUPS[3]].any()
    assert len(set(np.concatenate(GROUPS))) == 40 < sum(map(len, GROUPS))
    assert real.labels.dtype == jnp.float32
    np.testing.assert_array_equal(real.labels, SPLIT.labels)


def test_without_an_image_without_a_finding_there_is_no_such_group():
    assert len(data.group_indices(np.array([[1, 0], [1, 1]]), num_classes=2)) == 2


def test_every_method_moves_its_images_and_carries_rows_of_its_groups(alone):
    (before, rows), (after, labels), info = alone
    moved = np.abs(after - before).max((1, 2, 3))
    assert moved.min() > 0 and np.isfinite(after).all() and float(info.loss) > 0
    groups = np.repeat(np.arange(4), IPC)
    assert all(group in group_of(row) for group, row in zip(groups, rows, strict=True))
    assert labels.min() >= 0 and labels.max() <= 1


@pytest.mark.parametrize("init", ["real", "herding", "kcenter"])
def test_an_image_of_the_start_has_its_own_row(make_net, real, init):
    net = make_net(3, depth=1)
    distiller = methods.dm(net=net, ipc=IPC, num_groups=4, init=init)
    state = distiller.init(KEY, real)
    pixels = np.rint((np.asarray(state.images) * 0.2 + 0.4) * 255).astype(np.uint8)
    for image, row in zip(pixels, np.asarray(state.labels), strict=True):
        (found,) = np.flatnonzero((SPLIT.images == image).all((1, 2, 3)))
        np.testing.assert_array_equal(SPLIT.labels[found], row)
    # Of the second finding, whose images mostly have the third: whole rows, not one label.
    assert state.labels.sum() > sum(IPC[:3])


def test_rows_of_a_small_group_repeat_from_noise(make_net, real):
    count = int(real.counts[1]) + 2
    distiller = methods.dm(
        net=make_net(3, depth=1), ipc=[1, count, 1, 1], num_groups=4, init="noise"
    )
    rows = np.asarray(distiller.init(KEY, real).labels)[1 : 1 + count]
    assert (rows[:, 1] == 1).all()
    expected = SPLIT.labels[GROUPS[1]].sum(0)
    np.testing.assert_array_equal(rows[: count - 2].sum(0), expected)  # each image's row once


def test_dc_is_its_definition(make_net, real):
    """One update on whole groups: Σ D(∇ BCE(real), ∇ BCE(synthetic)), label rows learned too."""
    net = make_net(3, depth=1)
    options = {"learning_rate": 0.5, "label_learning_rate": 2.0, "outer_loop": 1, "inner_loop": 0}
    distiller = methods.dc(net=net, ipc=2, num_groups=4, distance="squared_error", **options)
    start = distiller.init(KEY, real)
    images, labels = jnp.array(start.images), jnp.array(start.labels)
    pixels = (jnp.asarray(SPLIT.images, jnp.float32) / 255 - 0.4) / 0.2
    key = jax.random.fold_in(KEY, 0)
    _, networks = random_networks(key, net, images[:1], jnp.arange(1))
    params = jax.tree.map(lambda x: x[0], networks["params"])

    def gradient(images, labels):
        def bce(params):
            logits = net.apply({"params": params}, images)
            terms = jnp.logaddexp(0.0, logits) - labels * logits
            return jnp.mean(terms)

        return jax.grad(bce)(params)

    @jax.jit
    def loss(images, labels):
        total = 0.0
        for i, rows in enumerate(GROUPS):
            theirs = gradient(pixels[rows], jnp.asarray(SPLIT.labels[rows], jnp.float32))
            ours = gradient(images[2 * i : 2 * i + 2], labels[2 * i : 2 * i + 2])
            total += kernels.squared_error(theirs, ours)
        return total

    by_images, by_labels = jax.grad(loss, argnums=(0, 1))(images, labels)
    state, info = distiller.step(KEY, start, real, 1)
    assert float(info.loss) == pytest.approx(float(loss(images, labels)) / 4, rel=1e-4)
    np.testing.assert_allclose(state.images, images - 0.5 * by_images, rtol=1e-4, atol=1e-5)
    expected = jnp.clip(labels - 2.0 * by_labels, 0, 1)
    np.testing.assert_allclose(state.labels, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("distance", ["mean", "moments"])
def test_dm_is_its_definition(make_net, real, distance):
    """One update on whole groups: the mean features, and those with and without each finding.

    With ``moments``, the standard deviations of whole groups as well.
    """
    net = make_net(3, depth=1)
    options = {"init": "noise", "augment": "none", "learning_rate": 0.5, "distance": distance}
    distiller = methods.dm(net=net, ipc=IPC, num_groups=4, **options)
    start = distiller.init(KEY, real)
    images, labels = jnp.array(start.images), np.asarray(start.labels)
    pixels = (jnp.asarray(SPLIT.images, jnp.float32) / 255 - 0.4) / 0.2
    _, networks = random_networks(jax.random.fold_in(KEY, 0), net, images[:1], jnp.arange(1))
    params = jax.tree.map(lambda x: x[0], networks["params"])
    ours = np.split(np.arange(sum(IPC)), np.cumsum(IPC)[:-1])

    @jax.jit
    def loss(images):
        features = [net.apply({"params": params}, x, method="embed") for x in (pixels, images)]
        total = 0.0
        for real_rows, syn_rows in zip(GROUPS, ours, strict=True):
            pairs = [(real_rows, syn_rows)]
            for finding in range(3):
                for value in (0, 1):
                    of_real = real_rows[SPLIT.labels[real_rows, finding] == value]
                    of_syn = syn_rows[labels[syn_rows, finding] == value]
                    pairs += [(of_real, of_syn)] if len(of_real) and len(of_syn) else []
            for real_rows_, syn_rows_ in pairs:
                means = features[0][real_rows_].mean(0), features[1][syn_rows_].mean(0)
                square = jnp.sum((means[0] - means[1]) ** 2)
                total += len(syn_rows_) / len(syn_rows) * square / 4
            if distance == "moments":
                one = len(syn_rows) == 1  # whose deviations are zero and have no gradient
                of_syn = 0.0 if one else features[1][syn_rows].std(0)
                total += jnp.sum((features[0][real_rows].std(0) - of_syn) ** 2)
        return total

    state, info = distiller.step(KEY, start, real, 1)
    assert float(info.loss) == pytest.approx(float(loss(images)) / 4, rel=1e-4)
    moved = images - 0.5 * jax.grad(loss)(images)
    np.testing.assert_allclose(state.images, moved, rtol=1e-4, atol=1e-5)


def test_learned_rows_stay_between_zero_and_one(make_net, real):
    options = {"outer_loop": 2, "inner_loop": 1, "label_learning_rate": 50.0}
    distiller = methods.dc(net=make_net(3, depth=1), ipc=2, num_groups=4, **options)
    (_, rows), (_, labels), info = run(distiller, real, steps=5)
    assert int(info.bad_step) == -1 and (labels != rows).any()
    assert labels.min() >= 0 and labels.max() <= 1


def test_rows_cannot_be_learned_of_classes(make_net, make_real):
    distiller = methods.dc(net=make_net(2, depth=1), ipc=1, label_learning_rate=0.1)
    with pytest.raises(UserError, match="label_learning_rate is for multi-label sets"):
        distiller.init(KEY, make_real((3, 3)))


def test_groups_that_do_not_fit_are_named(make_net, real):
    with pytest.raises(UserError, match="ipc is for 3 classes, but there are 4"):
        methods.dm(net=make_net(3, depth=1), ipc=1).init(KEY, real)


@pytest.mark.parametrize("shape", [(1, 2, 1), (4, 1, 2)], ids=str)
def test_devices_change_no_number(make, ready, alone, shape):
    sizes = dict(zip(parallel.AXES, shape, strict=True))
    devices = jax.devices()[: int(np.prod(shape))]
    mesh = parallel.make_mesh(classes=4, networks=2, rows=8, shape=sizes, devices=devices)
    (before, _), (after, labels), info = alone
    several = make(num_networks=2, mesh=mesh)
    _, (ours, ours_labels), ours_info = run(several, parallel.replicate(ready, mesh), steps=2)
    scale = np.abs(after - before).max()
    np.testing.assert_allclose(ours, after, rtol=0, atol=2e-5 * scale)
    np.testing.assert_allclose(ours_labels, labels, atol=1e-5)
    assert float(ours_info.loss) == pytest.approx(float(info.loss), rel=1e-5)


@pytest.mark.bits
@pytest.mark.parametrize("make", ["dm", "dsa"], indirect=True)
def test_from_disk_the_pixels_are_identical(make, real, tmp_path):
    np.save(tmp_path / "images.npy", real.images)
    images = data.place(np.load(tmp_path / "images.npy", mmap_mode="r"))
    distiller, on_disk = make(init="real"), real._replace(images=images)
    methods.read_ahead(KEY, distiller, on_disk, step=0, num_steps=3)
    _, expected, _ = run(distiller, real)
    _, ours, _ = run(distiller, on_disk)
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["random", "herding", "kcenter"])
def test_core_sets_are_chosen_by_group(make_net, real, name):
    distiller = methods.make(name, net=make_net(3, depth=1), ipc=IPC, num_groups=4)
    _, (_, labels), _ = run(distiller, real)
    groups = np.repeat(np.arange(4), IPC)
    assert all(group in group_of(row) for group, row in zip(groups, labels, strict=True))


def test_the_random_baseline_is_by_group():
    rows = coreset.random_subset(KEY, SPLIT.labels, IPC)
    groups = np.repeat(np.arange(4), IPC)
    assert all(
        group in group_of(SPLIT.labels[row]) for group, row in zip(groups, rows, strict=True)
    )
    with pytest.raises(UserError, match="ipc gives 3 numbers for 4 classes"):
        coreset.random_subset(KEY, SPLIT.labels, [1, 1, 1])


def with_unknown(entry):
    """The set with a third of its entries replaced, but one image of each group left as it is."""
    unknown = np.random.default_rng(1).random(SPLIT.labels.shape) < 0.3
    unknown[[group[0] for group in GROUPS]] = False
    stats = {"mean": np.full(1, 0.4, np.float32), "std": np.full(1, 0.2, np.float32)}
    rows = np.where(unknown, -1, SPLIT.labels)
    real = data.real_data(data.Split(SPLIT.images, rows), num_classes=3, **stats)
    assert real.labels.dtype == jnp.int32
    return real._replace(labels=jnp.asarray(np.where(unknown, entry, SPLIT.labels), jnp.int32))


def test_what_stands_in_an_ignored_entry_changes_no_pixel(make, make_net):
    distiller, net = make(num_networks=2), make_net(3, depth=1)

    def pixels(entry):
        real = with_unknown(entry)
        if distiller.experts is not None:
            experts = methods.train_experts(KEY, net, distiller.experts, real)
            real = real._replace(experts=experts)
        (_, rows), (after, _), info = run(distiller, real, steps=2)
        assert np.isfinite(after).all() and set(np.unique(rows)) == {0, 1}
        return after, float(info.loss)

    masked, other, wrong = pixels(-1), pixels(-7), pixels(1)
    np.testing.assert_array_equal(masked[0], other[0])
    assert masked[1] == other[1] and (masked[0] != wrong[0]).any()


@pytest.mark.parametrize("init", ["real", "noise", "herding", "kcenter"])
def test_an_ignored_entry_of_a_drawn_row_becomes_zero(make_net, init):
    real = with_unknown(-1)
    distiller = methods.dm(net=make_net(3, depth=1), ipc=2, num_groups=4, init=init)
    rows = np.asarray(distiller.init(KEY, real).labels)
    drawn = {tuple(row) for row in np.maximum(np.asarray(real.labels), 0).tolist()}
    assert len(rows) == 8 and {tuple(row) for row in rows.tolist()} <= drawn
