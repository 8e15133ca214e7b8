"""MTT: its iterations against a plain loop, its step size, its batches, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from medjax import kernels, methods, planning
from medjax.errors import UserError

KEY, SIZES, IPC = jax.random.key(0), (6, 14), 3
OPTIONS = {
    "learning_rate": 50.0,
    "momentum": 0.25,
    "step_size": 0.1,
    "step_size_learning_rate": 1e-3,
    "augment": "none",
    "syn_steps": 3,
    "expert_epochs": 2,
    "max_start_epoch": 2,
    "num_experts": 2,
    "train_epochs": 3,
    "net_learning_rate": 0.05,
    "batch_real": 8,
    "clip": 10.0,
}


@pytest.fixture(scope="module")
def net(make_net):
    return make_net(2, depth=1)


@pytest.fixture(scope="module")
def real(net, make_real):
    real = make_real(SIZES)
    experts = methods.mtt(net=net, ipc=IPC, **OPTIONS).experts
    return real._replace(experts=methods.train_experts(KEY, net, experts, real))


@pytest.fixture
def make(net):
    return lambda **options: methods.mtt(net=net, ipc=IPC, **{**OPTIONS, **options})


def by_hand(net, real, state, *, iterations):
    """Iterations without medjax's kernel: one expert, one start, all images, no augmentation."""
    unravel = ravel_pytree(net.init(KEY, state.images[:1])["params"])[1]
    start, target = real.experts[0], real.experts[2]

    def loss(images, rate):
        vector = start
        for _ in range(OPTIONS["syn_steps"]):

            def cross_entropy(vector):
                logits = jax.nn.log_softmax(net.apply({"params": unravel(vector)}, images))
                return -jnp.mean(logits[jnp.arange(len(images)), state.labels])

            vector = vector - rate * jax.grad(cross_entropy)(vector)
        return jnp.sum((vector - target) ** 2) / jnp.sum((start - target) ** 2)

    graded = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
    images, rate, velocity, losses = np.asarray(state.images), 0.1, [0.0, 0.0], []
    for _ in range(iterations):
        value, gradients = graded(images, jnp.float32(rate))
        velocity = [0.25 * v + np.asarray(g) for v, g in zip(velocity, gradients, strict=True)]
        images = images - 50.0 * velocity[0]
        rate = rate * np.exp(-1e-3 * velocity[1] / rate)
        losses.append(float(value))
    return images, rate, losses


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_iterations_are_those_of_a_plain_loop(norm, net, real):
    net = net.clone(norm=norm)  # whose parameters are as many
    distiller = methods.mtt(net=net, ipc=IPC, **{**OPTIONS, "num_experts": 1, "max_start_epoch": 1})
    real = real._replace(experts=real.experts[:4])
    images, rate, losses = by_hand(net, real, distiller.init(KEY, real), iterations=3)
    state, info = distiller.step(KEY, distiller.init(KEY, real), real, 3)
    np.testing.assert_allclose(state.images, images, rtol=1e-3, atol=1e-4)
    assert float(state.step_size) == pytest.approx(rate, rel=1e-4) and rate != 0.1
    assert float(info.loss) == pytest.approx(np.mean(losses), rel=1e-4)


def moved_by(distiller, real):
    """What the pixels of one iteration move by, and the state after it."""
    start = distiller.init(KEY, real)
    before = np.asarray(start.images)
    state, _ = distiller.step(KEY, start, real, 1)
    return np.asarray(state.images) - before, state


def test_a_gradient_below_the_clip_is_a_step_of_sgd(net, real):
    """Twice the learning rate is twice the step: nothing else bounds it."""
    options = {**OPTIONS}
    del options["clip"]
    steps = []
    for rate in (1000.0, 2000.0):
        distiller = methods.mtt(net=net, ipc=IPC, **{**options, "learning_rate": rate})
        moved, state = moved_by(distiller, real)
        assert int(state.clipped) == 0
        steps.append(moved)
    np.testing.assert_allclose(2 * steps[0], steps[1], rtol=1e-4, atol=1e-4)


def test_a_gradient_above_the_clip_is_scaled_down_and_counted(make, real):
    free, _ = moved_by(make(learning_rate=1.0, clip=1e6), real)
    assert np.linalg.norm(free) > 1e-3
    moved, state = moved_by(make(learning_rate=1e4, clip=1e-3), real)
    assert np.linalg.norm(moved) == pytest.approx(10.0, rel=1e-3)
    np.testing.assert_allclose(moved / 10, free / np.linalg.norm(free), rtol=1e-3, atol=1e-4)
    assert int(state.clipped) == 1


@pytest.fixture
def unrolled(monkeypatch):
    """Collects what the kernel is given, and stands in for it."""
    seen = []

    def trajectory_loss(apply_fn, start, target, images, labels, rate, **options):
        seen.append((start, target, images, labels, options))
        far = sum(jnp.sum(a - b) for a, b in zip(*map(jax.tree.leaves, (start, target))))  # noqa: B905
        return jnp.sum(images) * rate + far

    monkeypatch.setattr(kernels, "trajectory_loss", trajectory_loss)
    return seen


@pytest.mark.parametrize(("batch_syn", "in_a_pass"), [(2, 3), (4, 1), (None, 1), (9, 1)])
def test_batches_are_shuffled_passes(make, real, unrolled, batch_syn, in_a_pass):
    distiller = make(batch_syn=batch_syn, syn_steps=6)
    with jax.disable_jit():
        distiller.step(KEY, distiller.init(KEY, real), real, 1)
    batch_fn, rows = unrolled[0][-1]["batch_fn"], jnp.arange(6, dtype=jnp.int32)
    images = jnp.broadcast_to(rows.astype(jnp.float32)[:, None, None, None], (6, 8, 8, 1))
    batches = [batch_fn(jnp.int32(step), images, rows) for step in range(6)]
    size = min(batch_syn or 6, 6)
    for pixels, labels in batches:
        assert len(set(labels.tolist())) == len(labels) == size
        np.testing.assert_array_equal(pixels[:, 0, 0, 0], labels)  # rows stay together
    passes = [
        [row for _, labels in batches[i : i + in_a_pass] for row in labels.tolist()]
        for i in range(0, 6, in_a_pass)
    ]
    assert all(len(set(rows)) == len(rows) == in_a_pass * size for rows in passes)
    assert size == 6 or len({tuple(rows) for rows in passes}) > 1


def test_students_are_averaged(make, real, unrolled):
    distiller = make(num_networks=5, learning_rate=0.0, step_size_learning_rate=0.0)
    start = distiller.init(KEY, real)
    before, pairs = np.asarray(start.images), [(0, 2), (1, 3), (4, 6), (5, 7)]
    with jax.disable_jit():
        state, info = distiller.step(KEY, start, real, 1)
    starts = [ravel_pytree(seen[0])[0] for seen in unrolled]
    drawn = [
        int(np.abs(np.asarray(real.experts) - np.asarray(row)).sum(1).argmin()) for row in starts
    ]
    assert len(drawn) == 5 and len(set(drawn)) > 1
    far = [float(jnp.sum(real.experts[a] - real.experts[b])) for a, b in pairs]
    expected = [far[[a for a, _ in pairs].index(row)] for row in drawn]
    assert float(info.loss) == pytest.approx(before.sum() * 0.1 + np.mean(expected), rel=1e-3)
    np.testing.assert_array_equal(state.images, before)
    assert float(state.step_size) == pytest.approx(0.1)


def test_experts_and_starts_are_all_drawn(make, net, real, unrolled):
    """Row ``i`` of the experts is full of the number ``i``."""
    distiller = make(unroll="held")
    counted = jnp.broadcast_to(jnp.arange(8, dtype=jnp.float32)[:, None], real.experts.shape)
    real, pairs = real._replace(experts=counted), set()
    with jax.disable_jit():
        distiller.step(KEY, distiller.init(KEY, real), real, 40)
    for start, target, *_, options in unrolled:
        pairs.add(tuple(int(tree["head"]["bias"][0]) for tree in (start, target)))
        assert options["num_steps"] == 3 and options["unroll"] == "held"
    # Two experts of four snapshots, from epoch 0 or 1 to two later.
    assert pairs == {(0, 2), (1, 3), (4, 6), (5, 7)}


@pytest.mark.parametrize("unroll", kernels.UNROLLS)
def test_every_unroll_has_the_same_loss(make, real, unroll):
    infos = []
    for way in ("stored", unroll):
        distiller = make(unroll=way)
        infos.append(distiller.step(KEY, distiller.init(KEY, real), real, 1)[1])
    assert float(infos[0].loss) == pytest.approx(float(infos[1].loss), rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_five_times_a_hundred_wild_iterations_are_finite(make, real, seed):
    wild = make(learning_rate=1e5, step_size_learning_rate=1.0, init="noise")
    key = jax.random.key(seed)
    state, info = wild.step(key, wild.init(key, real), real, 100)
    assert int(info.bad_step) == -1 and int(state.step) == 100
    assert np.isfinite(state.images).all() and 0.001 <= float(state.step_size) <= 10.0


def test_a_student_too_large_for_the_memory_is_refused(make, real, monkeypatch):
    monkeypatch.setattr(planning, "device_budget", lambda: 1000)
    distiller = make()
    with pytest.raises(UserError, match=r"^a student takes about .* or unroll=held"):
        distiller.step(KEY, distiller.init(KEY, real), real, 1)


@pytest.mark.parametrize(
    ("change", "got"),
    [
        (lambda experts: None, "None"),
        (lambda experts: experts[:5], r"\[5, 178\]"),  # the last start would have no target
        (lambda experts: experts[:, :100], r"\[8, 100\]"),
        (lambda experts: jnp.concatenate([experts, experts]), r"\[16, 178\]"),
    ],
    ids=["none", "too few", "another network", "more epochs"],
)
def test_experts_of_another_shape_are_refused(make, real, change, got):
    distiller, wrong = make(), real._replace(experts=change(real.experts))
    message = rf"^real.experts must be \[8, 178\], 4 snapshots of 2 experts from .*, got {got}"
    with pytest.raises(UserError, match=message):
        distiller.step(KEY, distiller.init(KEY, wrong), wrong, 1)
