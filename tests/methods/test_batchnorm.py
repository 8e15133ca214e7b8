"""Batch norm in the matched network, against the loop written out."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from medjax import kernels, methods, nets, parallel, planning
from medjax.methods.batchnorm import with_moments
from medjax.methods.networks import random_networks

KEY, IPC, SIZES = jax.random.key(5), (1, 3), (6, 6)  # fewer than 16: every image is taken
LABELS = jnp.array([0, 1, 1, 1])
RATE, NET_RATE = 0.1, 0.3


@pytest.fixture(scope="module")
def net():
    return nets.make("convnet", num_classes=2, width=4, depth=1, norm="batch")


@pytest.fixture(scope="module")
def real(make_real):
    return make_real(SIZES)


@pytest.fixture(scope="module")
def everything(real, real_by_class):
    return jnp.concatenate(real_by_class(real))


def moments(params, images):
    """Mean and unbiased variance of what the first convolution gives."""
    conv = params["conv_0"]
    x = nets.conv2d(images, conv["kernel"], (1, 1)) + conv["bias"][None, None, None]
    return {"norm_0": {"mean": jnp.mean(x, (0, 1, 2)), "var": jnp.var(x, (0, 1, 2), ddof=1)}}


def moved(stats, params, images, mode):
    new = moments(params, images)
    share = {"reference": 0.1, "batch": 1.0}[mode]
    return jax.tree.map(lambda old, new: (1 - share) * old + share * new, stats, new)


def assert_near(ours, theirs, **tolerance):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **tolerance), ours, theirs)


@pytest.mark.parametrize("mode", ["reference", "batch"])
@pytest.mark.parametrize("chunk_size", [1, None])
def test_moments_are_of_all_classes_together(net, real, everything, mode, chunk_size):
    keys, variables = random_networks(KEY, net, everything[:1], jnp.arange(2))
    once = with_moments(keys, net, variables, real, mode=mode, chunk_size=chunk_size)
    twice = with_moments(keys, net, once, real, mode=mode, chunk_size=chunk_size)
    for index in range(2):
        start, params = (
            jax.tree.map(lambda x, i=index: x[i], variables[name])
            for name in ("batch_stats", "params")
        )
        for ours in (once, twice):
            start = moved(start, params, everything, mode)
            stats = jax.tree.map(lambda x, i=index: x[i], ours["batch_stats"])
            assert_near(stats, start, rtol=1e-4, atol=1e-5)
    jax.tree.map(np.testing.assert_array_equal, once["params"], variables["params"])


def test_a_smaller_class_repeats_its_own(net, make_real, real_by_class):
    """Six rows of each class, so each of three images counts twice."""
    real = make_real((3, 6))
    three, six = real_by_class(real)
    keys, variables = random_networks(KEY, net, six[:1], jnp.arange(1))
    ours = with_moments(keys, net, variables, real, mode="batch", chunk_size=None)
    params = jax.tree.map(lambda x: x[0], variables["params"])
    wanted = moments(params, jnp.concatenate([three, three, six]))
    stats = jax.tree.map(lambda x: x[0], ours["batch_stats"])
    assert_near(stats, wanted, rtol=1e-4, atol=1e-5)


def test_other_networks_stay_as_they_are(make_net, real):
    net = make_net(2, depth=1)
    keys, variables = random_networks(KEY, net, jnp.zeros((1, 8, 8, 1)), jnp.arange(2))
    assert with_moments(keys, net, variables, real, mode="batch", chunk_size=1) is variables


def loss_of(net, params, stats, images, label):
    logits = net.apply({"params": params, "batch_stats": stats}, images)
    labels = jnp.full(len(images), label)
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, labels))


def gradient_loop(net, everything, images, *, mode):
    """DC: two networks, one after the other, each of which matches twice and trains in between."""

    @jax.jit
    def match(params, stats, images):
        def loss(images):
            total = 0.0
            for label, syn in enumerate((images[:1], images[1:])):
                own = everything[6 * label : 6 * label + 6]
                gradients = [
                    jax.grad(lambda p, x=x, c=label: loss_of(net, p, stats, x, c))(params)
                    for x in (own, syn)
                ]
                total += kernels.columnwise_cosine(*gradients)
            return total

        return jax.value_and_grad(loss)(images)

    @jax.jit
    def train(params, stats, images):
        def loss(params):
            variables = {"params": params, "batch_stats": stats}
            logits, updated = net.apply(variables, images, mutable="batch_stats")
            each = optax.softmax_cross_entropy_with_integer_labels(logits, LABELS)
            return jnp.mean(each), updated["batch_stats"]

        gradient, stats = jax.grad(loss, has_aux=True)(params)
        return jax.tree.map(lambda p, g: p - NET_RATE * g, params, gradient), stats

    velocity, losses = 0.0, []
    for iteration in range(2):
        key = jax.random.fold_in(KEY, iteration)
        _, stacked = random_networks(key, net, images[:1], jnp.arange(1))
        params, stats = (
            jax.tree.map(lambda x: x[0], stacked[name]) for name in ("params", "batch_stats")
        )
        for outer in range(2):
            if outer:
                params, stats = train(params, stats, images)
            stats = moved(stats, params, everything, mode)
            loss, gradient = match(params, stats, images)
            losses.append(float(loss) / 2)
            velocity = 0.5 * velocity + gradient
            images = images - RATE * velocity
    return images, np.mean(losses)


def mean_loop(net, everything, images):
    """DM: two networks, one after the other."""

    @jax.jit
    def match(params, stats, images):
        def embed(x):
            variables = {"params": params, "batch_stats": stats}
            return jnp.mean(net.apply(variables, x, method="embed"), axis=0)

        def loss(images):
            pairs = ((everything[:6], images[:1]), (everything[6:], images[1:]))
            return sum(jnp.sum(jnp.square(embed(own) - embed(syn))) for own, syn in pairs)

        return jax.value_and_grad(loss)(images)

    velocity, losses = 0.0, []
    for iteration in range(2):
        key = jax.random.fold_in(KEY, iteration)
        _, stacked = random_networks(key, net, images[:1], jnp.arange(1))
        params = jax.tree.map(lambda x: x[0], stacked["params"])
        loss, gradient = match(params, moments(params, everything), images)
        losses.append(float(loss) / 2)
        velocity = 0.5 * velocity + gradient
        images = images - RATE * velocity
    return images, np.mean(losses)


def run(distiller, real, steps=2):
    start = distiller.init(KEY, real)
    before = jnp.asarray(np.asarray(start.images))
    state, info = distiller.step(KEY, start, real, steps)
    return before, state.images, float(info.loss)


OPTIONS = {"ipc": IPC, "batch_real": 32, "init": "noise", "learning_rate": RATE}
LOOPS = {"outer_loop": 2, "inner_loop": 1, "net_learning_rate": NET_RATE}
CHUNKS = {"cpu": (1, 1, 2, 2), "gpu": (None, None, None)}


@pytest.mark.parametrize(
    ("mode", "chunks"),
    [("reference", CHUNKS["cpu"]), ("reference", CHUNKS["gpu"]), ("batch", CHUNKS["gpu"])],
)
def test_dc_is_the_loop(net, real, everything, monkeypatch, chunks, mode):
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: planning.Chunks(*chunks))
    distiller = methods.dc(net=net, batch_norm=mode, **OPTIONS, **LOOPS)
    before, images, loss = run(distiller, real)
    expected, expected_loss = gradient_loop(net, everything, before, mode=mode)
    assert np.abs(np.asarray(expected - before)).max((1, 2, 3)).min() > 1e-3
    np.testing.assert_allclose(images, expected, atol=1e-4)
    assert loss == pytest.approx(expected_loss, rel=1e-3)


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_dm_is_the_loop(net, real, everything, monkeypatch, chunks):
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: planning.Chunks(*chunks))
    before, images, loss = run(methods.dm(net=net, augment="none", **OPTIONS), real)
    expected, expected_loss = mean_loop(net, everything, before)
    assert np.abs(np.asarray(expected - before)).max((1, 2, 3)).min() > 1e-3
    np.testing.assert_allclose(images, expected, atol=1e-4)
    assert loss == pytest.approx(expected_loss, rel=1e-3)


def test_dsa_on_several_devices_is_dsa_on_one(net, real):
    mesh = parallel.make_mesh(classes=2, networks=1, rows=6, devices=jax.devices()[:4])
    options = {"augment": "color_crop", **OPTIONS, **LOOPS}
    _, one, loss = run(methods.dsa(net=net, **options), real)
    _, several, other = run(
        methods.dsa(net=net, mesh=mesh, **options), parallel.replicate(real, mesh)
    )
    np.testing.assert_allclose(several, one, atol=1e-4)
    assert other == pytest.approx(loss, rel=1e-4)
