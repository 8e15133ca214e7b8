"""IDC against its loop, written out with ``jax.grad`` and Python loops."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import augment, data, kernels, methods, nets, training
from medjax.errors import UserError
from medjax.methods.gradients.realtraining import RealTraining
from medjax.methods.networks import random_networks
from medjax.types import SyntheticSet

KEY = jax.random.key(5)
IPC, SIZES = (1, 3), (5, 9)
BATCH, TRAIN_IMAGES, PRETRAIN, OUTER = 6, 7, 2, 3
PASS, MINIBATCHES = 3, 2  # 14 images in minibatches of 6, and 7 of them
RATE, MOMENTUM = 10.0, 0.5
NET = {"net_learning_rate": 0.3, "net_momentum": 0.9, "net_weight_decay": 0.05}


@pytest.fixture(scope="module")
def problem(make_net, make_real):
    return make_net(2, depth=1), make_real(SIZES)


def make(net, **options):
    given = {"learning_rate": RATE, "momentum": MOMENTUM, "batch_real": BATCH, "augment": "none"}
    given |= {"outer_loop": OUTER, "train_images": TRAIN_IMAGES, "pretrain_epochs": PRETRAIN}
    return methods.idc(net=net, ipc=IPC, init="noise", cutmix=0.0, **given | NET | options)


def reference(net, real, images, rows, *, distance):
    """Two iterations; ``rows`` are the batches of each, int ``[m, b]`` in the order of use."""
    pixels = (np.asarray(real.images, np.float32) / 255 - 0.55) / 0.2
    pixels, labels = jnp.asarray(pixels), real.labels

    def gradient(params, some, their_labels):
        def loss(params):
            log = jax.nn.log_softmax(net.apply({"params": params}, some))
            return -jnp.mean(log[jnp.arange(len(some)), their_labels])

        return jax.grad(loss)(params)

    @jax.jit
    def train(params, speed, batch):
        slope = gradient(params, pixels[batch], labels[batch])
        speed = jax.tree.map(
            lambda v, g, p: NET["net_momentum"] * v + g + NET["net_weight_decay"] * p,
            *(speed, slope, params),
        )
        return jax.tree.map(lambda p, v: p - NET["net_learning_rate"] * v, params, speed), speed

    def loss(images, params, batches):
        total = 0.0
        for label, (some, batch) in enumerate(zip((images[:1], images[1:]), batches, strict=True)):
            decoded = methods.decode(some, factor=2)
            same = [jnp.full(n, label) for n in (len(batch), len(decoded))]
            pair = gradient(params, pixels[batch], same[0]), gradient(params, decoded, same[1])
            (a,), (b,) = ([x for x in jax.tree.leaves(g) if x.ndim == 4] for g in pair)
            total += jnp.sum(distance(a - b))
        return total

    match = jax.jit(jax.value_and_grad(loss))
    scale = np.array([1, 3, 3, 3])[:, None, None, None] / 10 * (8 * 8 / 32**2)
    velocity, losses = 0.0, []
    for iteration in range(2):
        batches = iter(rows[iteration])
        images = jnp.clip(images, (0 - 0.55) / 0.2, (1 - 0.55) / 0.2)
        key = jax.random.fold_in(KEY, iteration)
        _, stacked = random_networks(key, net, images[:1], jnp.arange(1))
        params = jax.tree.map(lambda x: x[0], stacked["params"])
        speed = jax.tree.map(jnp.zeros_like, params)
        for outer in range(OUTER):
            for _ in range(MINIBATCHES if outer else PRETRAIN * PASS):
                params, speed = train(params, speed, next(batches))
            drawn = next(batches)[: SIZES[0]], next(batches)
            value, slope = match(images, params, drawn)
            losses.append(float(value) / 2)
            velocity = MOMENTUM * velocity + scale * slope
            images = images - RATE * velocity
        assert next(batches, None) is None
    return images, np.mean(losses)


@pytest.mark.parametrize(
    ("name", "distance"),
    [("conv_squared_error", jnp.square), ("conv_absolute_error", jnp.abs)],
)
def test_the_loop_of_the_release(problem, name, distance):
    net, real = problem
    distiller = make(net, distance=name)
    start = distiller.init(KEY, real)
    images = 2 * jnp.asarray(np.asarray(start.images))  # with pixels out of range
    rows = [jax.tree.leaves(distiller.draws(KEY, step, real))[0] for step in range(2)]
    expected, loss = reference(net, real, images, rows, distance=distance)
    state, info = distiller.step(KEY, start._replace(images=images + 0), real, 2)
    moved = np.abs(expected - np.clip(images, -2.75, 2.25)).max()
    np.testing.assert_allclose(state.images, expected, atol=1e-3 * moved)
    assert moved > 0.1 and float(info.loss) == pytest.approx(loss, rel=1e-4)
    assert int(info.real_images) == 2 * OUTER * (5 + BATCH)


def test_minibatches_are_passes_over_the_images(problem):
    net, real = problem
    rows = np.asarray(jax.tree.leaves(make(net).draws(KEY, 0, real))[0])
    assert rows.shape == (PRETRAIN * PASS + 2 * MINIBATCHES + OUTER * 2, BATCH)
    first, second = rows[:PASS].ravel(), rows[PASS : 2 * PASS].ravel()
    for one_pass in (first, second):
        assert sorted(one_pass[:14]) == list(range(14))
        np.testing.assert_array_equal(one_pass[14:], one_pass[:4])
    assert (first != second).any()
    later = rows[PRETRAIN * PASS + 2 :]
    assert len(set(later[:MINIBATCHES].ravel())) == MINIBATCHES * BATCH
    assert (later[:MINIBATCHES] != later[MINIBATCHES + 2 : 2 * MINIBATCHES + 2]).any()


def test_more_training_images_than_there_are_is_one_pass(problem):
    net, real = problem
    rows = make(net, train_images=2000, pretrain_epochs=0).draws(KEY, 0, real)
    assert len(jax.tree.leaves(rows)[0]) == 2 * PASS + OUTER * 2
    rows = make(net, train_images=0, pretrain_epochs=0).draws(KEY, 0, real)
    assert len(jax.tree.leaves(rows)[0]) == OUTER * 2


def test_the_learning_rate_follows_the_images(make_net, make_real):
    """An image moves by the rate times its class's ipc/10 and its pixels over 32²."""
    net, real = make_net(2, depth=1), make_real(SIZES)
    moved = {}
    for name, options in {"idc": {}, "dsa": {"inner_loop": 0}}.items():
        given = {"factor": 2, "batch_real": 32, "outer_loop": 1, "momentum": 0.0}
        given |= {"distance": "conv_squared_error", "augment": "crop", "learning_rate": 1.0}
        distiller = methods.make(name, net=net, ipc=IPC, init="real", **given | options)
        state = distiller.init(KEY, real)
        start = np.asarray(state.images)
        moved[name] = np.asarray(distiller.step(KEY, state, real, 1)[0].images) - start
    scale = np.array([1, 3, 3, 3])[:, None, None, None] / 10 / 16
    assert np.abs(moved["dsa"]).max() > 0.1
    np.testing.assert_allclose(moved["idc"], scale * moved["dsa"], rtol=1e-3, atol=1e-5)


def test_whitened_images_are_not_clipped(problem):
    net, real = problem
    whitened = real._replace(images=jnp.asarray(real.images, jnp.float32) / 255)
    distiller = make(net, learning_rate=0.0, outer_loop=1)
    for given, clips in ((real, True), (whitened, False)):
        state = distiller.init(KEY, given)
        start = 3 * np.asarray(state.images)
        state, _ = distiller.step(KEY, state._replace(images=jnp.asarray(start)), given, 1)
        assert (np.asarray(state.images) != start).any() == clips
        np.testing.assert_allclose(state.images, start.clip(-2.75, 2.25) if clips else start, 1e-6)


def test_networks_train_without_cutout_where_there_is_cutmix(problem, monkeypatch):
    module, made = importlib.import_module("medjax.methods.gradients.idc"), []

    def record(**given):
        made.append(given["strategy"])
        return RealTraining(**given)

    monkeypatch.setattr(module, "RealTraining", record)
    net, _ = problem
    for cutmix in (0.5, 0.0):
        methods.idc(net=net, ipc=1, cutmix=cutmix)
    assert made[0] == augment.LayeredStrategy(("color", "crop"))
    assert made[1] == augment.LayeredStrategy(("color", "crop", "cutout"))


@pytest.mark.parametrize("rows", [False, True], ids=["classes", "findings"])
@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_a_mixed_minibatch_trains_on_both_labels(make_real, rows, norm):
    """One minibatch of all images, without a momentum."""
    real = make_real((4, 4))
    if rows:
        real = real._replace(labels=jnp.eye(2)[real.labels])
    real = real._replace(index=jnp.arange(8, dtype=jnp.int32)[None], counts=jnp.array([8]))
    net = nets.make("convnet", num_classes=2, width=4, depth=1, norm=norm)
    inner = RealTraining(
        net=net,
        strategy=augment.LayeredStrategy(()),
        optimizer=training.sgd(1.0, 0.0, 0.0),
        axes=(),
        batch_real=8,
        train_images=8,
        pretrain_epochs=0,
        cutmix=1.0,
    )
    images = data.take(real, jnp.arange(8))
    variables = dict(net.init(KEY, images[:1]))
    trained = variables, inner.optimizer.init(variables["params"])
    syn = SyntheticSet(images, real.labels)
    moved, _ = inner.train((KEY, trained), syn, real, jnp.int32(1), chunk_size=3)
    order = inner.draws(KEY, real, first=False)[0]
    _, steps_key = jax.random.split(jax.random.fold_in(KEY, 0))
    _, mix_key = jax.random.split(jax.random.fold_in(steps_key, 0))
    mixture = augment.sample_cutmix(mix_key, 8, probability=1.0)
    mixed, share = augment.cutmix(images[order], mixture)
    own, other = (real.labels[order[i]] for i in (jnp.arange(8), mixture.partners))

    def loss(params):
        logits, _ = net.apply({**variables, "params": params}, mixed, mutable="batch_stats")
        losses = [kernels.cross_entropy(logits, labels) for labels in (own, other)]
        return share * losses[0] + (1 - share) * losses[1]

    assert 0.05 < share < 0.95
    slope = jax.grad(loss)(variables["params"])
    expected = jax.tree.map(jnp.subtract, variables["params"], slope)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5),
        *(moved["params"], expected),
    )


def test_unknown_findings_are_not_mixed(problem, make_net):
    rows = np.tile(np.array([[1, 0], [0, 1], [1, -1]]), (4, 1))
    split = data.Split(np.zeros((12, 8, 8, 1), np.uint8), rows)
    stats = {"mean": np.full(1, 0.4, np.float32), "std": np.full(1, 0.2, np.float32)}
    real = data.real_data(split, num_classes=2, **stats)
    distiller = methods.idc(net=make_net(2, depth=1), ipc=1, init="noise", cutmix=0.5)
    state = distiller.init(KEY, real)
    with pytest.raises(UserError, match=r"^cutmix cannot mix unknown findings; set cutmix to 0"):
        distiller.step(KEY, state, real, 1)


def test_batch_norm_trains_and_is_matched(make_real):
    net = nets.make("convnet", num_classes=2, width=4, depth=1, norm="batch")
    distiller = methods.idc(net=net, ipc=IPC, outer_loop=2, train_images=8, batch_real=BATCH)
    real = make_real((8, 14))
    state = distiller.init(KEY, real)
    start = np.asarray(state.images)
    state, info = distiller.step(KEY, state, real, 2)
    assert np.isfinite(state.images).all() and float(info.loss) > 0
    assert (np.abs(np.asarray(state.images) - start).max((1, 2, 3)) > 0).all()
