"""DATM: its start, its soft labels, its epochs and its moving average."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from medjax import data, kernels, methods
from medjax.errors import UserError
from medjax.methods.trajectories.expert_labels import expert_logits
from medjax.methods.vectors import unraveller
from medjax.types import SyntheticSet

KEY, SIZES, IPC = jax.random.key(0), (8, 12), 3
OPTIONS = {
    "learning_rate": 20.0,
    "momentum": 0.25,
    "label_learning_rate": 0.5,
    "step_size": 0.1,
    "augment": "none",
    "syn_steps": 2,
    "min_start_epoch": 0,
    "first_max_start_epoch": 1,
    "max_start_epoch": 1,
    "num_experts": 3,
    "train_epochs": 4,
    "net_learning_rate": 0.1,
    "batch_real": 4,
}


@pytest.fixture(scope="module")
def net(make_net):
    return make_net(2, depth=1)


@pytest.fixture
def make(net):
    return lambda **options: methods.datm(net=net, ipc=IPC, **{**OPTIONS, **options})


@pytest.fixture(scope="module")
def real(net, make_real):
    real = make_real(SIZES)
    experts = methods.datm(net=net, ipc=IPC, **OPTIONS).experts
    return real._replace(experts=methods.train_experts(KEY, net, experts, real))


def answers(net, real, vector, images):
    return np.asarray(net.apply({"params": unraveller(net, real)(vector)}, images), np.float64)


def ends(real):
    return np.asarray(real.experts)[4::5]


def test_the_start_is_what_the_first_expert_gets_right(make, net, real):
    """In the order in which ``init=real`` draws, and wrong ones only where right ones are few."""
    images = np.asarray(data.take(real, jnp.arange(20, dtype=jnp.int32)))
    # An expert that takes the less certain half of class 0 for class 1.
    logits = answers(net, real, real.experts[4], images)
    lead = np.median((logits[:, 0] - logits[:, 1])[np.asarray(real.labels) == 0])
    params = unraveller(net, real)(real.experts[4])
    params["head"]["bias"] = params["head"]["bias"].at[1].add(lead)
    unsure = real._replace(experts=real.experts.at[4].set(ravel_pytree(params)[0]))
    right = answers(net, unsure, unsure.experts[4], images).argmax(1) == np.asarray(real.labels)
    start = make().init(KEY, unsure)
    drawn = methods.mtt(net=net, ipc=SIZES, max_start_epoch=1, num_experts=3, train_epochs=4).init(
        KEY, unsure
    )
    in_order = [
        int(np.abs(images - image).sum((1, 2, 3)).argmin()) for image in np.asarray(drawn.images)
    ]
    assert sorted(in_order) == list(range(20))
    expected = []
    for rows in (in_order[:8], in_order[8:]):
        expected += sorted(rows, key=lambda row: not right[row])[:IPC]
    assert right.sum() < 20 and expected != in_order[:IPC] + in_order[8 : 8 + IPC]
    np.testing.assert_allclose(start.images, images[expected], atol=1e-5)


def test_labels_start_as_the_mean_of_the_experts_that_are_right(make, net, real):
    start = make(init="noise").init(KEY, real)
    labels = np.array([0, 0, 0, 1, 1, 1])
    logits = np.stack([answers(net, real, vector, start.images) for vector in ends(real)])
    right = logits.argmax(2) == labels
    assert 0 < right.sum() < right.size
    for i, label in enumerate(labels):
        if right[:, i].any():
            expected = logits[right[:, i], i].mean(0)
        else:
            expected = logits[:, i].mean(0)
            expected[label] = expected.max()
        np.testing.assert_allclose(start.labels[i], expected, rtol=1e-4, atol=1e-5)


def test_where_no_expert_is_right_the_true_class_is_raised(net, real):
    images = data.take(real, jnp.arange(4, dtype=jnp.int32))
    vectors = jnp.asarray(ends(real))
    logits = np.stack([answers(net, real, vector, images) for vector in vectors])
    wrong = 1 - logits.sum(0).argmax(1)
    wrong = np.where((logits.argmax(2) == wrong).any(0), -1, wrong)
    rows = np.flatnonzero(wrong >= 0)
    assert len(rows)
    syn = SyntheticSet(images[rows], jnp.asarray(wrong[rows], jnp.int32))
    found = expert_logits(net, vectors, syn, real, copies=1)
    mean = logits.mean(0)[rows]
    np.testing.assert_allclose(found.max(1), mean.max(1), rtol=1e-4)
    np.testing.assert_allclose(found.min(1), mean.max(1), rtol=1e-4)  # both of the two classes


def test_the_patches_of_an_image_share_a_row(net, real):
    images = data.take(real, jnp.arange(4, dtype=jnp.int32))
    vectors, labels = jnp.asarray(ends(real)[:1]), jnp.zeros(4, jnp.int32)
    each = answers(net, real, vectors[0], images)
    syn = SyntheticSet(images, labels)
    found = expert_logits(net, vectors, syn, real, copies=4)
    right = each.argmax(1) == 0
    expected = each[right].mean(0) if right.any() else None
    assert found.shape == (1, 2) and right.any()
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-5)


def by_hand(net, real, state, *, iterations):
    """Iterations in plain steps: one expert, one start, all images, no augmentation."""
    unravel, start, target = unraveller(net, real), real.experts[0], real.experts[2]

    def loss(images, logits, rate):
        vector = start
        for _ in range(OPTIONS["syn_steps"]):

            def soft(vector):
                found = jax.nn.log_softmax(net.apply({"params": unravel(vector)}, images))
                return -jnp.mean(jnp.sum(jax.nn.softmax(logits) * found, axis=1))

            vector = vector - rate * jax.grad(soft)(vector)
        return jnp.sum((vector - target) ** 2) / jnp.sum((start - target) ** 2)

    graded = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))
    images, logits, rate = np.asarray(state.images), np.asarray(state.labels), 0.1
    velocity, momenta = [0.0, 0.0, 0.0], (0.25, 0.9, 0.25)
    averages = [images]
    for _ in range(iterations):
        gradients = graded(images, logits, jnp.float32(rate))
        velocity = [
            m * v + np.asarray(g) for m, v, g in zip(momenta, velocity, gradients, strict=True)
        ]
        images, logits = images - 20.0 * velocity[0], logits - 0.5 * velocity[1]
        rate = rate * np.exp(-1e-5 * velocity[2] / rate)
        averages.append(0.5 * averages[-1] + 0.5 * images)
    return images, logits, averages[-1]


@pytest.mark.parametrize("ema", [0.0, 0.5])
def test_iterations_are_those_of_a_plain_loop(make, net, real, ema):
    distiller = make(num_experts=1, ema=ema, init="noise")
    real = real._replace(experts=real.experts[:5])
    images, logits, average = by_hand(net, real, distiller.init(KEY, real), iterations=3)
    state, _ = distiller.step(KEY, distiller.init(KEY, real), real, 3)
    shown = average if ema else images
    np.testing.assert_allclose(state.images, shown, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(state.labels, logits, rtol=1e-3, atol=1e-4)
    assert np.abs(average - images).max() > 1e-3
    if ema:
        np.testing.assert_allclose(state.networks, images, rtol=1e-3, atol=1e-4)
    else:
        assert state.networks is None


def test_decoded_labels_are_probabilities_of_the_logits(make):
    distiller = make(factor=2)
    logits = jnp.array([[0.0, 1.0], [2.0, 0.0]])
    syn = distiller.decode(SyntheticSet(jnp.zeros((2, 8, 8, 1)), logits))
    assert distiller.soft_labels and syn.images.shape == (8, 8, 8, 1)
    np.testing.assert_allclose(syn.labels, np.repeat(jax.nn.softmax(logits), 4, axis=0), rtol=1e-6)


def test_the_bound_of_the_start_grows(net, real, monkeypatch):
    """Of an experts' row full of its own number; the students' starts are seen as they run."""
    seen = []

    def trajectory_loss(apply_fn, start, target, images, labels, rate, **options):
        jax.debug.callback(lambda bias: seen.append(int(bias)), start["head"]["bias"][0])
        return jnp.sum(images) * rate + jnp.sum(labels)

    options = OPTIONS | {"num_experts": 1, "train_epochs": 9, "num_networks": 40}
    options |= {"min_start_epoch": 1, "first_max_start_epoch": 3, "max_start_epoch": 7}
    distiller = methods.datm(net=net, ipc=IPC, expansion_iterations=4, init="noise", **options)
    counted = jnp.broadcast_to(jnp.arange(10.0)[:, None], (10, real.experts.shape[1]))
    real = real._replace(experts=counted)
    start = distiller.init(KEY, real)
    monkeypatch.setattr(kernels, "trajectory_loss", trajectory_loss)
    found = {}
    for step in (0, 1, 2, 4, 9):
        state = jax.tree.map(jnp.copy, start)._replace(step=jnp.int32(step))
        distiller.step(KEY, state, real, 1)
        jax.effects_barrier()
        found[step] = set(seen)
        seen.clear()
    assert found == {0: {1, 2}, 1: {1, 2, 3}, 2: {1, 2, 3, 4}, 4: {*range(1, 7)}, 9: {*range(1, 7)}}


def test_findings_are_refused(net, make_real, make):
    real = make_real(SIZES)
    rows = real._replace(labels=jax.nn.one_hot(real.labels, 2, dtype=jnp.float32))
    with pytest.raises(UserError, match=r"^datm learns one label per image, .*; use mtt$"):
        make().init(KEY, rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first_max_start_epoch": 2}, "min_start_epoch=0 must be below first_max_start_epoch=2,"),
        ({"min_start_epoch": 1}, "min_start_epoch=1 must be below first_max_start_epoch=1,"),
        ({"ema": 1.0}, "ema must be below 1, got 1.0"),
        ({"max_start_epoch": 9}, "experts of train_epochs=4 end before epoch 10,"),
    ],
)
def test_bounds_out_of_order_are_refused(make, options, message):
    with pytest.raises(UserError, match=rf"^{message}"):
        make(**options)


def test_it_starts_from_experts(make, real):
    with pytest.raises(UserError, match=r"^real.experts must be .* got None$"):
        make().init(KEY, real._replace(experts=None))
