"""The queue of networks: who enters and leaves, who is drawn, and what training does."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from medjax import data, kernels, methods, nets, planning
from medjax.errors import UserError
from medjax.methods.features.queue import Member, NetworkQueue, QueueTraining, share_right

KEY = jax.random.key(0)
OPTIONS = {"kept": 5, "new_every": 3, "trained": 2, "steps": 3, "learning_rate": 0.1, "axes": ()}


def training_of(net, **more):
    return QueueTraining(net=net, **OPTIONS | more)


def image_of(real):
    return jnp.zeros((1, *real.images.shape[1:]))


def kernel_of(queue):
    """A parameter of every slot, by which networks can be told apart."""
    return np.asarray(queue.members.variables["params"]["head"]["kernel"]).reshape(
        len(queue.members.accuracy), -1
    )


def test_the_oldest_is_replaced(make_net, make_real):
    training, image = training_of(make_net(2, depth=1)), image_of(make_real((3, 3)))
    queue = training.start(image)
    assert int(queue.filled) == 0 and not kernel_of(queue).any()
    renew = jax.jit(training.renew)
    seen, changes = {bytes(kernel_of(queue)[0])}, []
    for step in range(16):
        before = kernel_of(queue)
        aged = queue.members._replace(accuracy=queue.members.accuracy + 0.5)
        key = jax.random.fold_in(KEY, step)
        queue = renew(key, queue._replace(members=aged), image, jnp.int32(step))
        changed = np.flatnonzero((kernel_of(queue) != before).any(axis=1))
        changes.append(changed.tolist())
        for slot in changed:
            assert queue.members.accuracy[slot] == 0 and queue.members.minibatches[slot] == 0
            assert bytes(kernel_of(queue)[slot]) not in seen  # no network comes twice
            seen.add(bytes(kernel_of(queue)[slot]))
    none = []
    assert changes[:4] == [[0, 1, 2, 3], none, none, [4]]
    assert changes[4:] == [none, none, [0], none, none, [1], none, none, [2], none, none, [3]]
    assert (int(queue.made), int(queue.filled)) == (9, 5)


def test_a_queue_of_one_slot_holds_the_newest(make_net, make_real):
    training, image = training_of(make_net(2, depth=1), kept=1), image_of(make_real((3, 3)))
    queue = training.renew(KEY, training.start(image), image, jnp.int32(0))
    assert (int(queue.made), int(queue.filled)) == (4, 1) and kernel_of(queue).any()
    assert queue.draw(KEY, count=2).tolist() == [0, 0]


@pytest.mark.parametrize("made", [1, 3, 5, 12])
def test_drawn_networks_are_distinct_and_there(made):
    slots = jnp.zeros(5)
    queue = NetworkQueue(Member({}, (), slots, slots), jnp.int32(made))
    filled, drawn = min(made, 5), []
    for index in range(200):
        some = queue.draw(jax.random.fold_in(KEY, index), count=3).tolist()
        assert len(set(some)) == min(3, filled) and max(some) < filled
        drawn.append(some[0])
    counts = np.bincount(drawn, minlength=5)
    assert counts[:filled].min() > 200 / filled / 2 and not counts[filled:].any()


def sgd_by_hand(params, images, labels, *, steps):
    """Steps of SGD with momentum 0.9 and weight decay 5e-4 on all images, in numpy.

    Returns the parameters, their momenta, and the accuracy before each step.
    """
    flat, onehot = images.reshape(len(images), -1), np.eye(2)[labels]
    momenta = jax.tree.map(np.zeros_like, params)
    accuracies = []
    for _ in range(steps):
        hidden = np.tanh(flat @ params["hidden"]["kernel"] + params["hidden"]["bias"])
        logits = hidden @ params["head"]["kernel"] + params["head"]["bias"]
        accuracies.append((logits.argmax(1) == labels).mean())
        powers = np.exp(logits - logits.max(1, keepdims=True))
        by_logits = (powers / powers.sum(1, keepdims=True) - onehot) / len(labels)
        by_hidden = by_logits @ params["head"]["kernel"].T * (1 - hidden**2)
        gradient = {
            "hidden": {"kernel": flat.T @ by_hidden, "bias": by_hidden.sum(0)},
            "head": {"kernel": hidden.T @ by_logits, "bias": by_logits.sum(0)},
        }
        momenta = jax.tree.map(lambda v, g, p: 0.9 * v + g + 5e-4 * p, momenta, gradient, params)
        params = jax.tree.map(lambda p, v: p - 0.1 * v, params, momenta)
    return params, momenta, accuracies


@pytest.mark.parametrize("chunk", [None, 7])
def test_training_is_plain_sgd(tanh_net, make_real, x64, monkeypatch, chunk):
    """Fewer than 256 images are one minibatch, so that their order does not matter."""
    chunks = planning.Chunks(1, 1, chunk)
    monkeypatch.setattr("medjax.training.chunks_of", lambda *_, **__: chunks)
    real = make_real((11, 9))
    mean, std = np.float64([0.55]), np.float64([0.2])
    labels = np.random.default_rng(0).integers(0, 2, 20)  # hard to learn
    real = real._replace(
        mean=jnp.asarray(mean), std=jnp.asarray(std), labels=jnp.asarray(labels, jnp.int32)
    )
    training = training_of(tanh_net, trained=5)
    image = jnp.zeros((1, 8, 8, 1), float)
    queue = training.renew(KEY, training.start(image), image, jnp.int32(0))
    before = jax.tree.map(np.asarray, queue.members)
    queue = jax.jit(training.train)(KEY, queue, real)
    queue = jax.jit(training.train)(jax.random.key(1), queue, real)
    images = (np.asarray(real.images, float) / 255 - mean) / std
    for slot in range(4):
        start = jax.tree.map(lambda x, slot=slot: x[slot], before.variables["params"])
        params, momenta, accuracies = sgd_by_hand(start, images, labels, steps=6)
        after = jax.tree.map(lambda x, slot=slot: x[slot], queue.members)
        close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)  # noqa: E731
        jax.tree.map(close, after.variables["params"], params)
        jax.tree.map(close, jax.tree.leaves(after.opt_state), jax.tree.leaves(momenta))
        assert float(after.accuracy) == pytest.approx(np.mean(accuracies), rel=1e-9)
        assert int(after.minibatches) == 6 and len(set(accuracies)) > 1
    # The empty slot stays empty.
    assert not any(x[4].any() for x in jax.tree.leaves(queue.members))


def test_only_drawn_networks_are_trained(make_net, make_real):
    training, real = training_of(make_net(2, depth=1)), make_real((6, 6))
    image = image_of(real)
    queue = training.renew(KEY, training.start(image), image, jnp.int32(0))
    trained = training.train(KEY, queue, real)
    moved = (kernel_of(trained) != kernel_of(queue)).any(axis=1)
    assert moved.sum() == 2 and trained.members.minibatches.tolist() == (3 * moved).tolist()
    slots = queue.draw(jax.random.split(KEY)[0], count=2)
    assert sorted(slots.tolist()) == np.flatnonzero(moved).tolist()


def test_minibatches_are_256_distinct_images(make_net, make_real):
    training = training_of(make_net(2, depth=1), steps=4)
    rows = np.asarray(training.rows(KEY, make_real((200, 400))))
    assert rows.shape == (2, 4, 256) and rows.dtype == np.int32
    assert all(len(set(row)) == 256 for row in rows.reshape(-1, 256))
    assert len(set(rows.ravel())) > 580 and len({bytes(row) for row in rows.reshape(-1, 256)}) == 8
    assert training.rows(KEY, make_real((3, 5))).shape == (2, 4, 8)


def test_no_network_is_trained(make_net, make_real):
    training, real = training_of(make_net(2, depth=1), trained=0), make_real((6, 6))
    queue = training.renew(KEY, training.start(image_of(real)), image_of(real), jnp.int32(0))
    assert training.train(KEY, queue, real) is queue
    assert training.rows(KEY, real).shape == (0, 3, 12)


def test_a_batch_norm_keeps_running_moments(make_real):
    net = nets.make("convnet", num_classes=2, width=4, depth=1, norm="batch")
    real = make_real((9, 9))
    training, image = training_of(net, kept=4, trained=4, steps=1), image_of(real)
    queue = training.renew(KEY, training.start(image), image, jnp.int32(0))
    before = jax.tree.map(lambda x: x[0], queue.members.variables)
    after = jax.tree.map(lambda x: x[0], training.train(KEY, queue, real).members.variables)
    images = data.take(real, jnp.arange(18))

    def loss(params):
        logits, moved = net.apply({**before, "params": params}, images, mutable="batch_stats")
        return kernels.cross_entropy(logits, real.labels), moved

    gradient, moved = jax.grad(loss, has_aux=True)(before["params"])
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6),
        after["batch_stats"],
        moved["batch_stats"],
    )
    optimizer = optax.chain(optax.add_decayed_weights(5e-4), optax.sgd(0.1))
    updates, _ = optimizer.update(gradient, optimizer.init(before["params"]), before["params"])
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6),
        after["params"],
        optax.apply_updates(before["params"], updates),
    )


def test_right_labels_are_counted_by_row():
    logits = jnp.array([[2.0, 1.0, -1.0], [0.5, -3.0, 4.0]])
    assert share_right(logits, jnp.array([0, 1])).tolist() == [1, 0]
    rows = jnp.array([[1, 0, -1], [1, 0, 1]])
    np.testing.assert_allclose(share_right(logits, rows), [1 / 3, 1])
    np.testing.assert_allclose(share_right(logits, jnp.abs(rows).astype(float)), [1 / 3, 1])


def test_a_queue_that_does_not_fit_is_refused(make_net, make_real, monkeypatch):
    monkeypatch.setattr(planning, "device_budget", lambda: 2**14)
    distiller = methods.make("idm", net=make_net(2, depth=1), ipc=1, init="noise")
    with pytest.raises(UserError, match=r"^num_networks_kept=100 networks and their momenta take "):
        distiller.init(KEY, make_real((5, 5)))
