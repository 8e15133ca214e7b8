"""HoP-TM: its iterations against a plain loop, and the parameters that enter."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from medjax import methods
from medjax.methods.vectors import unraveller

KEY, SIZES, IPC = jax.random.key(0), (6, 14), 3
OPTIONS = {
    "learning_rate": 5.0,
    "momentum": 0.25,
    "step_size": 0.1,
    "step_size_learning_rate": 1e-3,
    "augment": "none",
    "syn_steps": 3,
    "max_start_epoch": 1,
    "num_experts": 1,
    "train_epochs": 2,
    "net_learning_rate": 0.1,
    "batch_real": 8,
    "base_threshold": 1e-4,
}


@pytest.fixture(scope="module")
def net(make_net):
    return make_net(2, depth=1)


@pytest.fixture
def make(net):
    return lambda **options: methods.hoptm(net=net, ipc=IPC, **{**OPTIONS, **options})


@pytest.fixture(scope="module")
def real(net, make_real):
    real = make_real(SIZES)
    experts = methods.hoptm(net=net, ipc=IPC, **OPTIONS).experts
    return real._replace(experts=methods.train_experts(KEY, net, experts, real))


def cosines(points):
    """Of the three angles of a triangle."""

    def angle(i, j, k):
        a, b = points[j] - points[i], points[k] - points[i]
        return a @ b / jnp.sqrt((a @ a) * (b @ b))

    return jnp.stack([angle(0, 1, 2), angle(1, 0, 2), angle(2, 0, 1)])


def by_hand(net, real, state, *, thresholds, weight=0.5):
    """Iterations in plain steps: one expert, one start, all images, no augmentation."""
    unravel, (start, middle, target) = unraveller(net, real), real.experts

    def loss(images, rate, entered, threshold):
        points = [start]
        for _ in range(OPTIONS["syn_steps"]):

            def cross_entropy(vector):
                logits = jax.nn.log_softmax(net.apply({"params": unravel(vector)}, images))
                return -jnp.mean(logits[jnp.arange(len(images)), state.labels])

            points.append(points[-1] - rate * jax.grad(cross_entropy)(points[-1]))
        entered = entered | ((points[-1] - target) ** 2 < threshold)
        far = jnp.sum(jnp.where(entered, (points[-1] - target) ** 2, 0))
        whole = jnp.sum(jnp.where(entered, (start - target) ** 2, 0))
        # Each angle counts twice among the 27; none of them is off by more than 1 here.
        apart = cosines([start, points[1], points[3]]) - cosines([start, middle, target])
        return far / whole + weight * 2 / 27 * jnp.sum(apart**2 / 2), entered

    graded = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    images, rate, velocity, losses = np.asarray(state.images), 0.1, [0.0, 0.0], []
    entered = jnp.zeros(start.shape, bool)
    for threshold in thresholds:
        given = images, jnp.float32(rate), entered, jnp.float32(threshold)
        (value, entered), gradients = graded(*given)
        velocity = [0.25 * v + np.asarray(g) for v, g in zip(velocity, gradients, strict=True)]
        images = images - 5.0 * velocity[0]
        rate = rate * np.exp(-1e-3 * velocity[1] / rate)
        losses.append(float(value))
    return images, losses, np.asarray(entered)


def flat(networks):
    return np.asarray(ravel_pytree(jax.tree.map(lambda x: x.astype(jnp.float32), networks))[0])


@pytest.mark.parametrize("step", [0, 998])  # the threshold grows at iteration 1000
def test_iterations_are_those_of_a_plain_loop(make, net, real, step):
    distiller = make()
    thresholds = [1e-4 * 1.5 ** ((step + i) // 500) for i in range(3)]
    start = distiller.init(KEY, real)
    images, losses, entered = by_hand(net, real, start, thresholds=thresholds)
    start = start._replace(step=jnp.int32(step))
    state, info = distiller.step(KEY, start, real, 3)
    np.testing.assert_allclose(state.images, images, rtol=1e-3, atol=1e-4)
    assert float(info.loss) == pytest.approx(np.mean(losses), rel=1e-4)
    np.testing.assert_array_equal(flat(state.networks), entered)
    assert 0.1 < entered.mean() < 0.9


def test_what_has_entered_stays(make, real):
    everything = make().init(KEY, real)
    ones = jax.tree.map(jnp.ones_like, everything.networks)
    tight = make(base_threshold=0.0)
    state, info = tight.step(KEY, everything._replace(networks=ones), real, 2)
    assert flat(state.networks).all() and float(info.loss) > 0.1
    state, info = tight.step(KEY, tight.init(KEY, real), real, 2)
    assert not flat(state.networks).any()  # and then the shape alone moves the images
    assert int(info.bad_step) == -1 and 0 < float(info.loss) < 0.1


def test_students_share_what_has_entered(make, net, make_real):
    options = {"num_experts": 3, "max_start_epoch": 2, "train_epochs": 3, "num_networks": 4}
    real = make_real(SIZES)
    experts = methods.train_experts(KEY, net, make(**options).experts, real)
    real = real._replace(experts=experts)
    alone, together = (make(**options | {"num_networks": n}) for n in (1, 4))
    entered = []
    for distiller in (alone, together):
        state, _ = distiller.step(KEY, distiller.init(KEY, real), real, 1)
        entered.append(flat(state.networks))
    assert (entered[1] >= entered[0]).all() and entered[1].sum() > entered[0].sum()


def test_without_mask_and_shape_it_is_mtt(make, net, real):
    options = {"base_threshold": 1e6, "shape_weight": 0.0}
    ours, shared = make(**options), {k: v for k, v in OPTIONS.items() if k != "base_threshold"}
    theirs = methods.mtt(net=net, ipc=IPC, expert_epochs=2, **shared)
    states = [d.step(KEY, d.init(KEY, real), real, 2)[0] for d in (ours, theirs)]
    np.testing.assert_allclose(states[0].images, states[1].images, rtol=1e-4, atol=1e-5)
