"""Training of evaluation networks: the schedule against numpy, batches, keys, compilation."""

import dataclasses
import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import evaluate, nets, parallel, planning, training
from medjax.errors import UserError
from medjax.training import Recipe
from medjax.training.chunk_sizes import chunks
from medjax.training.inputs import on_device

CONVNET = nets.make("convnet", num_classes=2, width=4, depth=1)


class Linear(nn.Module):
    """Logits linear in the pixels, from zero weights, so that training is a closed recursion."""

    @nn.compact
    def __call__(self, images):
        zeros = nn.initializers.zeros
        head = nn.Dense(3, kernel_init=zeros, param_dtype=images.dtype, dtype=images.dtype)
        return head(images.reshape(len(images), -1))


def _images(n, num_classes, *, seed=0, noise=1.0, size=8):
    """Grey images whose mean brightness is their class's, under noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % num_classes
    images = rng.normal(scale=noise, size=(n, size, size, 1)) + labels[:, None, None, None]
    return images, labels.astype(np.int32)


def _oracle(images, labels, batches, rates, *, restart=None, momentum=0.9, decay=5e-4):
    """SGD with momentum and coupled decay on a linear model, in plain numpy.

    ``batches[e]`` are the batches of epoch ``e``, ``rates[e]`` is its learning rate; the velocity
    restarts before epoch ``restart``.
    """
    inputs = np.concatenate([images.reshape(len(images), -1), np.ones((len(images), 1))], axis=1)
    weights = np.zeros((inputs.shape[1], 3))
    velocity = np.zeros_like(weights)
    for epoch, rate in enumerate(rates):
        if epoch == restart:
            velocity = np.zeros_like(weights)
        for rows in batches[epoch]:
            logits = inputs[rows] @ weights
            softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            targets = np.eye(3)[labels[rows]] if labels.ndim == 1 else labels[rows]
            error = (softmax - targets) / len(rows)
            velocity = momentum * velocity + inputs[rows].T @ error + decay * weights
            weights = weights - rate * velocity
    return weights


def _weights(variables, network=0):
    dense = variables["params"]["Dense_0"]
    return np.concatenate([dense["kernel"][network], dense["bias"][network][None]])


@pytest.mark.parametrize("epochs", [1, 4, 7])
def test_parity_is_the_references_schedule(x64, epochs):
    """E+1 epochs, the rate ×0.1 and the momentum restarted after the epoch of index E//2+1."""
    images, labels = _images(6, 3)
    drop = epochs // 2 + 2
    rates = [0.1 if epoch < drop else 0.01 for epoch in range(epochs + 1)]
    expected = _oracle(images, labels, [[range(6)]] * (epochs + 1), rates, restart=drop)
    recipe = Recipe(epochs=epochs, learning_rate=0.1, parity=True)
    actual = training.train_networks(
        jax.random.key(0), Linear(), images, labels, recipe=recipe, num_networks=1
    )
    np.testing.assert_allclose(_weights(actual), expected, rtol=1e-10, atol=1e-14)


def test_soft_labels_train_by_soft_cross_entropy(x64):
    images, labels = _images(6, 3)
    soft = np.random.default_rng(1).dirichlet(np.ones(3), size=6)
    recipe = Recipe(epochs=4, learning_rate=0.1, soft_labels=True)

    def trained(labels, recipe):
        return training.train_networks(
            jax.random.key(0), Linear(), images, labels, recipe=recipe, num_networks=1
        )

    expected = _oracle(images, soft, [[range(6)]] * 4, [0.1, 0.1, 0.01, 0.01])
    np.testing.assert_allclose(_weights(trained(soft, recipe)), expected, rtol=1e-10, atol=1e-14)
    hard = trained(labels, dataclasses.replace(recipe, soft_labels=False))
    one_hot = trained(np.eye(3)[labels], recipe)
    np.testing.assert_allclose(_weights(one_hot), _weights(hard), rtol=1e-10, atol=1e-14)


def test_batch_norm_trains_on_soft_labels(x64):
    net = nets.make("convnet", num_classes=3, width=2, depth=1, norm="batch")
    (images, labels), soft = _images(6, 3), np.full((6, 3), 1 / 3)

    def trained(labels, **options):
        recipe = Recipe(epochs=2, learning_rate=0.1, **options)
        return training.train_networks(
            jax.random.key(0), net, images, labels, recipe=recipe, num_networks=1
        )

    hard, one_hot = trained(labels), trained(np.eye(3)[labels], soft_labels=True)
    for ours, theirs in zip(*map(jax.tree.leaves, (one_hot, hard)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    other = trained(soft, soft_labels=True)["params"]["head"]["kernel"]
    assert np.abs(other - hard["params"]["head"]["kernel"]).max() > 1e-3


def test_balanced_soft_labels_weigh_the_most_probable_class(x64):
    images, _ = _images(4, 3)
    soft = np.array([[0.6, 0.4, 0], [0.7, 0, 0.3], [0.8, 0.1, 0.1], [0.2, 0.3, 0.5]])
    recipe = Recipe(epochs=1, learning_rate=0.1, soft_labels=True, balanced=True)
    found = training.train_networks(
        jax.random.key(0), Linear(), images, soft, recipe=recipe, num_networks=1
    )
    rows = [0, 1, 2, 3, 3, 3]  # the classes of three images and of one
    expected = _oracle(images, soft, [[rows]], [0.01])
    np.testing.assert_allclose(_weights(found), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    "labels", [np.array([0, 1]), np.ones((2, 3)), np.array([[1.5, -0.5, 0], [0, 0, 1]])]
)
def test_soft_labels_have_to_be_probabilities(labels):
    recipe = Recipe(epochs=1, soft_labels=True)
    with pytest.raises(UserError, match="soft labels must be rows of probabilities whose sum is 1"):
        training.train_networks(
            jax.random.key(0), Linear(), _images(2, 3)[0], labels, recipe=recipe, num_networks=1
        )


@pytest.mark.parametrize("epochs", [0, 1, 7])
def test_without_parity_the_momentum_is_kept(x64, epochs):
    images, labels = _images(6, 3)
    rates = [0.1 if epoch < epochs // 2 else 0.01 for epoch in range(epochs)]
    expected = _oracle(images, labels, [[range(6)]] * epochs, rates)
    recipe = Recipe(epochs=epochs, learning_rate=0.1)
    actual = training.train_networks(
        jax.random.key(0), Linear(), images, labels, recipe=recipe, num_networks=1
    )
    np.testing.assert_allclose(_weights(actual), expected, rtol=1e-10, atol=1e-14)


def test_restarted_networks_go_on_without_momentum(x64):
    """After two of six epochs from zero weights: later rates, and a velocity of zero."""
    images, labels = _images(6, 3)
    started = training.start_training(
        jax.random.key(0),
        Linear(),
        images,
        labels,
        recipe=Recipe(epochs=6, learning_rate=0.1),
        num_networks=2,
    )
    before = started.until(2)
    zeros = jax.tree.map(jnp.zeros_like, before.variables())
    actual = before.restarted(zeros).until(6)
    expected = _oracle(images, labels, [[range(6)]] * 4, [0.1, 0.01, 0.01, 0.01])
    for network in range(2):
        found = _weights(actual.variables(), network)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)
    assert actual.epochs == 6


def test_each_network_restarts_on_the_devices_that_train_it():
    """Nine networks on eight devices: eight of them alone, and one on all."""
    images, labels = _images(16, 3)
    mesh = parallel.make_mesh(
        classes=1, networks=9, rows=16, devices=jax.devices(), shape={"batch": 8}
    )
    started = training.start_training(
        jax.random.key(0),
        Linear(),
        images.astype(np.float32),
        labels,
        recipe=Recipe(epochs=1),
        num_networks=9,
        mesh=mesh,
    )
    assert len(started.groups) == 2
    variables = jax.tree.map(lambda x: x + 1, started.variables())
    again = started.restarted(variables).variables()
    for one, other in zip(jax.tree.leaves(again), jax.tree.leaves(variables), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("epochs", "pieces"), [(0, 1), (1, 1), (3, 3), (250, 25)])
def test_somebody_who_watches_is_told_of_what_is_done(epochs, pieces):
    """Half of three epochs cannot be done, and nothing is before the first."""
    net, images = nets.make("mlp", num_classes=2), np.ones((4, 4, 4, 1), np.float32)
    told = []
    training.train_networks(
        jax.random.key(0),
        net,
        images,
        np.arange(4) % 2,
        recipe=training.Recipe(epochs=epochs),
        num_networks=1,
        watch=told.append,
    )
    np.testing.assert_allclose(told, np.linspace(0, 1, pieces + 1))


def test_an_epoch_visits_every_row_once_in_shuffled_batches(x64):
    """Five rows in batches of two: each network's result is that of one order of the rows."""
    images, labels = _images(5, 3)
    recipe = Recipe(epochs=1, learning_rate=0.1, batch_size=2)
    orders = list(itertools.permutations(range(5)))
    expected = np.stack(
        [_oracle(images, labels, [[o[:2], o[2:4], o[4:]]], [0.01]) for o in map(list, orders)]
    )
    variables = training.train_networks(
        jax.random.key(0), Linear(), images, labels, recipe=recipe, num_networks=12
    )
    found = set()
    for network in range(12):
        errors = np.abs(expected - _weights(variables, network)[None]).max((1, 2))
        assert errors.min() < 1e-14
        found.add(
            tuple(map(frozenset, (orders[errors.argmin()][:2], orders[errors.argmin()][2:4])))
        )
    assert len(found) > 6


def test_training_learns_a_separable_problem():
    images, labels = _images(60, 2, noise=0.3)
    recipe = Recipe(epochs=20, learning_rate=0.05, batch_size=32)
    variables = training.train_networks(
        jax.random.key(0), Tiny(), images.astype(np.float32), labels, recipe=recipe, num_networks=2
    )
    fresh, fresh_labels = _images(100, 2, noise=0.3, seed=1)
    logits = training.predict(Tiny(), variables, fresh.astype(np.float32), batch_size=64)
    assert (evaluate.accuracy(logits, fresh_labels) > 0.95).all()


class Tiny(nn.Module):
    """A one-layer perceptron that counts how often it is traced."""

    traces = []  # noqa: RUF012

    @nn.compact
    def __call__(self, images):
        self.traces.append(images.shape)
        features = nn.relu(nn.Dense(8)(images.reshape(len(images), -1)))
        return nn.Dense(2)(features)


def test_one_compilation_serves_equal_networks_and_every_schedule():
    images, labels = _images(7, 2)
    images = images.astype(np.float32)

    def run(seed, **options):
        recipe = Recipe(batch_size=3, **options)
        variables = training.train_networks(
            jax.random.key(seed), Tiny(), images, labels, recipe=recipe, num_networks=3
        )
        return training.predict(Tiny(), variables, images, batch_size=4)

    run(0, epochs=1)
    traced = len(Tiny.traces)
    assert traced > 0
    run(1, epochs=2, learning_rate=0.1, momentum=0.5, weight_decay=0.0)
    run(2, epochs=3, parity=True)
    assert len(Tiny.traces) == traced


def test_a_network_does_not_depend_on_how_many_there_are():
    images, labels = _images(5, 2)
    images = images.astype(np.float32)
    recipe = Recipe(epochs=2, batch_size=2, augment="crop_flip_color")

    def run(seed, num_networks):
        return training.train_networks(
            jax.random.key(seed), Tiny(), images, labels, recipe=recipe, num_networks=num_networks
        )

    one, three, other = run(0, 1), run(0, 3), run(1, 1)
    jax.tree.map(lambda a, b: np.testing.assert_array_equal(a[0], b[0]), one, three)
    kernel = three["params"]["Dense_0"]["kernel"]
    assert (kernel[0] != kernel[1]).any() and (kernel[1] != kernel[2]).any()
    assert (one["params"]["Dense_0"]["kernel"] != other["params"]["Dense_0"]["kernel"]).any()


def test_networks_trained_at_once_are_those_trained_in_turn(monkeypatch):
    """The vectorised form of accelerators, here on the CPU."""
    images, labels = _images(5, 2)
    images = images.astype(np.float32)
    recipe = Recipe(epochs=3, batch_size=2, augment="crop_flip")

    def run():
        variables = training.train_networks(
            jax.random.key(0), CONVNET, images, labels, recipe=recipe, num_networks=3
        )
        return training.predict(CONVNET, variables, images, batch_size=2)

    in_turn = run()
    everything = planning.Chunks(networks=None, classes=None, images=None)
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: everything)
    np.testing.assert_allclose(run(), in_turn, rtol=1e-3, atol=1e-5)
    monkeypatch.setattr(planning, "device_budget", lambda: 1)
    np.testing.assert_allclose(run(), in_turn, rtol=1e-3, atol=1e-5)
    at_once = chunks(CONVNET, on_device(images, None), num_networks=3, rows=2)
    assert at_once == planning.Chunks(networks=1, classes=None, images=1)


def test_uint8_images_are_normalised_on_the_fly():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 8, 8, 1), np.uint8)
    labels = np.array([0, 1, 0, 1, 1], np.int32)
    stats = (np.array([0.4], np.float32), np.array([0.2], np.float32))
    floats = (pixels / np.float32(255) - stats[0]) / stats[1]
    recipe = Recipe(epochs=2, batch_size=2)

    def run(images, stats):
        variables = training.train_networks(
            jax.random.key(0), Tiny(), images, labels, recipe=recipe, num_networks=1, stats=stats
        )
        return training.predict(Tiny(), variables, images, batch_size=2, stats=stats)

    np.testing.assert_allclose(run(pixels, stats), run(floats, None), rtol=1e-4, atol=1e-5)


def test_augmentation_is_drawn_per_image_and_per_epoch():
    """On equal images a flip per image tells them apart; one for the batch would not."""
    seen = []

    class Spy(nn.Module):
        @nn.compact
        def __call__(self, images):
            jax.debug.callback(lambda x: seen.append(np.asarray(x)), images)
            return nn.Dense(2)(images.reshape(len(images), -1))

    images = np.tile(np.arange(3, dtype=np.float32)[None, None, :, None], (16, 1, 1, 1))
    training.train_networks(
        jax.random.key(0),
        Spy(),
        images,
        np.arange(16, dtype=np.int32) % 2,
        recipe=Recipe(epochs=2, augment="flip"),
        num_networks=1,
    )
    jax.effects_barrier()
    batches = [x[:, 0, 0, 0] for x in seen if len(x) == 16]
    assert len(batches) == 2
    assert all(0 < (first == 2).sum() < 16 for first in batches)
    assert (batches[0] != batches[1]).any()


def test_batch_norm_keeps_running_moments_and_predicts_with_them():
    net = nets.make("convnet", num_classes=2, width=4, depth=1, norm="batch")
    images, labels = _images(6, 2)
    images = images.astype(np.float32)
    variables = training.train_networks(
        jax.random.key(0), net, images, labels, recipe=Recipe(epochs=2), num_networks=2
    )
    mean = variables["batch_stats"]["norm_0"]["mean"]
    assert mean.shape == (2, 4) and (mean != 0).any()
    whole, single = (training.predict(net, variables, images, batch_size=b) for b in (6, 1))
    np.testing.assert_allclose(whole, single, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def convnets():
    """Three untrained networks with five images."""
    images = _images(5, 2)[0].astype(np.float32)
    keys = jax.random.split(jax.random.key(0), 3)
    return jax.vmap(CONVNET.init, in_axes=(0, None))(keys, images), images


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
@pytest.mark.parametrize("method", ["__call__", "embed"])
def test_outputs_do_not_depend_on_the_chunks(convnets, batch_size, method):
    variables, images = convnets
    fn = {"__call__": training.predict, "embed": training.embed}[method]
    expected = [
        CONVNET.apply(jax.tree.map(lambda x, k=k: x[k], variables), images, method=method)
        for k in range(3)
    ]
    actual = fn(CONVNET, variables, images, batch_size=batch_size)
    np.testing.assert_allclose(actual, jnp.stack(expected), rtol=1e-4, atol=1e-5)


def test_bad_input_is_named():
    images, labels = _images(4, 2)
    images = images.astype(np.float32)

    def run(images=images, labels=labels, num_networks=1, stats=None):
        return training.train_networks(
            jax.random.key(0),
            Tiny(),
            images,
            labels,
            recipe=Recipe(epochs=1),
            num_networks=num_networks,
            stats=stats,
        )

    with pytest.raises(UserError, match="num_networks must be at least 1, not 0"):
        run(num_networks=0)
    with pytest.raises(UserError, match="3 labels do not fit 4 images"):
        run(labels=labels[:3])
    with pytest.raises(UserError, match=r"between 0 and 1; these go from 1 to 2"):
        run(labels=labels + 1)
    with pytest.raises(UserError, match=r"between 0 and 1; these go from -1 to 0"):
        run(labels=labels - 1)
    with pytest.raises(UserError, match=r"\[n\] or rows \[n, 2\], got \[4, 3\]"):
        run(labels=np.eye(3, dtype=np.int32)[labels])
    with pytest.raises(UserError, match=r"between 0 and 1; these go from 0\.0 to 2\.0"):
        run(labels=2 * np.eye(2)[labels])
    with pytest.raises(UserError, match=r"uint8 images need stats=\(mean, std\)"):
        run(images=images.astype(np.uint8))
    with pytest.raises(UserError, match="uint8 or normalised floats, not int32"):
        run(images=images.astype(np.int32))
    with pytest.raises(UserError, match=r"\[n, h, w, c\] with n > 0, not \[0, 8, 8, 1\]"):
        run(images=images[:0], labels=labels[:0])
    with pytest.raises(UserError, match="batch_size must be at least 1, not 0"):
        training.predict(Tiny(), {}, images, batch_size=0)
