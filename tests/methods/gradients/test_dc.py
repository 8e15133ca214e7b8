"""DC against the reference's loop, written out with ``jax.grad`` and Python loops."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from medjax import methods, planning
from medjax.methods.networks import random_networks

KEY = jax.random.key(5)
IPC, SIZES = (1, 3), (5, 9)
LABELS = jnp.array([0, 1, 1, 1])
OUTER, INNER, NETWORKS = 3, 2, 2
RATE, MOMENTUM, NET_RATE = 0.1, 0.5, 0.3


@pytest.fixture(scope="module")
def problem(make_net, make_real):
    return make_net(2, depth=1), make_real(SIZES)


def cross_entropy(net, params, images, labels):
    logits = net.apply({"params": params}, images)
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, labels))


def distance(ours, theirs):
    """One minus the cosine of each output unit's gradient, biases and norms left out."""
    total = 0.0
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        if a.ndim > 1:
            a, b = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
            norms = jnp.linalg.norm(a, axis=0) * jnp.linalg.norm(b, axis=0)
            total += jnp.sum(1 - jnp.sum(a * b, 0) / (norms + 1e-6))
    return total


def reference(net, groups, images, *, iterations, inner):
    """The reference's loop for a set that is one batch, real and synthetic."""

    def class_gradient(params, images, label):
        labels = jnp.full(len(images), label)
        return jax.grad(lambda p: cross_entropy(net, p, images, labels))(params)

    @jax.jit
    def match(params, images):
        def loss(images):
            syn = (images[: IPC[0]], images[IPC[0] :])
            return sum(
                distance(class_gradient(params, real, label), class_gradient(params, mine, label))
                for label, (real, mine) in enumerate(zip(groups, syn, strict=True))
            )

        return jax.value_and_grad(loss)(images)

    @jax.jit
    def train(params, images):
        gradient = jax.grad(lambda p: cross_entropy(net, p, images, LABELS))(params)
        return jax.tree.map(lambda p, g: p - NET_RATE * g, params, gradient)

    velocity, losses = 0.0, []
    for iteration in range(iterations):
        key = jax.random.fold_in(KEY, iteration)
        _, stacked = random_networks(key, net, images[:1], jnp.arange(NETWORKS))
        networks = [jax.tree.map(lambda x, i=i: x[i], stacked["params"]) for i in range(NETWORKS)]
        for outer in range(OUTER):
            pairs = [match(params, images) for params in networks]
            losses.append(np.mean([float(loss) for loss, _ in pairs]) / len(IPC))
            velocity = MOMENTUM * velocity + sum(gradient for _, gradient in pairs) / NETWORKS
            images = images - RATE * velocity
            if outer == OUTER - 1:
                break
            for _ in range(inner):
                networks = [train(params, images) for params in networks]
    return images, np.mean(losses)


# One network and class at a time, in chunks of images, as on a CPU; and all at once.
@pytest.mark.parametrize("chunks", [(1, 1, 2, 2), (None, None, None)], ids=["cpu", "gpu"])
def test_the_loop_of_the_reference(problem, real_by_class, monkeypatch, chunks):
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: planning.Chunks(*chunks))
    net, real = problem
    distiller = methods.dc(
        net=net,
        ipc=IPC,
        learning_rate=RATE,
        momentum=MOMENTUM,
        batch_real=32,
        num_networks=NETWORKS,
        outer_loop=OUTER,
        inner_loop=INNER,
        net_learning_rate=NET_RATE,
    )
    start = distiller.init(KEY, real)
    images, groups = jnp.asarray(np.asarray(start.images)), real_by_class(real)
    expected, loss = reference(net, groups, images, iterations=2, inner=INNER)
    other, _ = reference(net, groups, images, iterations=2, inner=INNER + 1)
    assert np.abs(other - expected).max() > 1e-3  # the comparison below sees an epoch too many
    state, info = distiller.step(KEY, start, real, 2)
    np.testing.assert_allclose(state.images, expected, atol=1e-4)
    assert float(info.loss) == pytest.approx(loss, rel=1e-4)
    assert int(info.real_images) == 2 * NETWORKS * OUTER * sum(SIZES)


@pytest.mark.parametrize(
    ("options", "updates"),
    [({"ipc": 10}, 10), ({"ipc": [2, 8]}, 5), ({"ipc": 10, "outer_loop": 3}, 3)],
)
def test_updates_follow_ipc_unless_given(problem, monkeypatch, options, updates):
    module = importlib.import_module("medjax.methods.matching")
    monkeypatch.setattr(module, "make_distiller", lambda iteration, *_, **__: iteration)
    net, real = problem
    iteration = methods.dc(net=net, batch_real=4, **options)
    assert int(iteration.real_images(real)) == updates * 2 * 4
