"""The three ways through the unroll: minibatches, gradients against plain ones, memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import augment, kernels

CLASSES, SYN, STEPS = 3, 8, 3
EXACT, UNROLLS = ("stored", "recomputed"), ("stored", "recomputed", "held")
DSA = augment.parse_strategy("color_crop")


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


IMAGES, LABELS = normal(0, SYN, 4, 4, 1), (np.arange(SYN) % CLASSES).astype(np.int32)


def apply_fn(params, images):
    """Two layers with a bend, so that second derivatives of the loss matter."""
    hidden = jnp.tanh(images.reshape(len(images), -1) @ params["in"] + params["bias"][None])
    return hidden @ params["out"]


def make_params(seed):
    shapes = {"in": (16, 6), "bias": (6,), "out": (6, CLASSES)}
    return {name: normal(seed + i, *shape) for i, (name, shape) in enumerate(shapes.items())}


START, TARGET = make_params(10), make_params(20)


def cast(tree, dtype):
    return jax.tree.map(lambda x: jnp.asarray(x, dtype), tree)


def inputs(dtype="float64", rate=0.7):
    return jnp.asarray(IMAGES, dtype), jnp.asarray(rate, dtype)


def make_batch(key, size=3):
    """A minibatch of a step, each of its images augmented on its own."""

    def batch_fn(step, images, labels):
        rows_key, draw_key = jax.random.split(jax.random.fold_in(key, step))
        rows = jax.random.permutation(rows_key, len(images))[:size]
        draw = DSA.sample_per_image(draw_key, size)
        draw = draw._replace(units=draw.units.astype(images.dtype))
        return DSA.apply(draw, images[rows]), labels[rows]

    return batch_fn


BATCH = make_batch(jax.random.key(3))


def cross_entropy(params, images, labels):
    logits = apply_fn(params, images)
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(len(labels)), labels])


def oracle(images, rate, *, num_steps, batch_fn=BATCH, hold=False):
    """A plain loop; ``hold`` treats the students of all steps as constants."""
    params, labels = cast(START, images.dtype), jnp.asarray(LABELS)
    for step in range(num_steps):
        seen = jax.lax.stop_gradient(params) if hold else params
        gradient = jax.grad(cross_entropy)(seen, *batch_fn(step, images, labels))
        params = jax.tree.map(lambda p, g: p - rate * g, params, gradient)
    start, target = cast((START, TARGET), images.dtype)
    far, whole = (
        sum(jnp.sum((a[name] - target[name]) ** 2) for name in target) for a in (params, start)
    )
    return far / whole


def loss(images, rate, *, unroll, num_steps=STEPS, batch_fn=BATCH, start=START):
    return kernels.trajectory_loss(
        apply_fn,
        *cast((start, TARGET), images.dtype),
        images,
        jnp.asarray(LABELS),
        rate,
        num_steps=num_steps,
        batch_fn=batch_fn,
        unroll=unroll,
    )


def graded(fn, *args, **options):
    return jax.jit(jax.value_and_grad(lambda *a: fn(*a, **options), argnums=(0, 1)))(*args)


def assert_close(ours, theirs, rtol):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert np.linalg.norm(a - b) <= rtol * np.linalg.norm(b)


@pytest.mark.parametrize("batch_fn", [None, BATCH], ids=["whole", "batches"])
@pytest.mark.parametrize("unroll", UNROLLS)
def test_equals_a_plain_loop(x64, unroll, batch_fn):
    images, rate = inputs()
    plain = batch_fn or (lambda step, images, labels: (images, labels))
    expected = graded(oracle, images, rate, num_steps=STEPS, batch_fn=plain, hold=unroll == "held")
    ours = graded(loss, images, rate, unroll=unroll, batch_fn=batch_fn)
    assert_close(ours, expected, 1e-6 if batch_fn is None else 1e-5)  # draws are float32
    exact = graded(oracle, images, rate, num_steps=STEPS, batch_fn=plain)
    differs = np.linalg.norm(ours[1][0] - exact[1][0]) / np.linalg.norm(exact[1][0])
    assert (differs > 0.01) == (unroll == "held")


def soft_oracle(logits, *, hold):
    """As ``oracle``, by soft labels whose logits are differentiated."""
    images, rate = inputs()
    params = start = cast(START, "float64")
    for step in range(STEPS):
        seen = jax.lax.stop_gradient(params) if hold else params
        batch, labels = BATCH(step, images, jax.nn.softmax(logits))

        def loss(params, batch=batch, labels=labels):
            return -jnp.mean(jnp.sum(labels * jax.nn.log_softmax(apply_fn(params, batch)), axis=1))

        params = jax.tree.map(lambda p, g: p - rate * g, params, jax.grad(loss)(seen))
    target = cast(TARGET, "float64")
    far, whole = (sum(jnp.sum((a[n] - target[n]) ** 2) for n in target) for a in (params, start))
    return far / whole


@pytest.mark.parametrize("unroll", UNROLLS)
def test_soft_labels_are_differentiated(x64, unroll):
    logits = jnp.asarray(normal(5, SYN, CLASSES))
    expected = jax.jit(jax.value_and_grad(lambda y: soft_oracle(y, hold=unroll == "held")))(logits)
    images, rate = inputs()

    def ours(logits):
        return kernels.trajectory_loss(
            apply_fn,
            *cast((START, TARGET), "float64"),
            images,
            jax.nn.softmax(logits),
            rate,
            num_steps=STEPS,
            batch_fn=BATCH,
            loss_fn=kernels.soft_cross_entropy,
            unroll=unroll,
        )

    assert_close(jax.jit(jax.value_and_grad(ours))(logits), expected, 1e-5)
    assert np.abs(expected[1]).max() > 1e-6


@pytest.mark.parametrize("unroll", UNROLLS)
def test_two_halves_are_a_whole(x64, unroll):
    """A student that goes on from its middle, with the batches that follow."""
    labels, options = jnp.asarray(LABELS), {"unroll": unroll}

    def end(images, rate, split):
        def later(step, *syn):
            return BATCH(step + split, *syn)

        params = cast(START, "float64")
        for steps, batch_fn in ((split, BATCH), (STEPS - split, later)):
            params = kernels.train_student(
                *(apply_fn, params, images, labels, rate),
                num_steps=steps,
                batch_fn=batch_fn,
                **options,
            )
        return sum(jnp.sum(x**3) for x in jax.tree.leaves(params))

    assert_close(graded(end, *inputs(), split=1), graded(end, *inputs(), split=0), 1e-9)


@pytest.mark.parametrize("unroll", UNROLLS)
def test_float32_agrees_to_five_digits(unroll):
    images, rate = inputs("float32")
    expected = graded(oracle, images, rate, num_steps=STEPS, hold=unroll == "held")
    assert_close(graded(loss, images, rate, unroll=unroll), expected, 1e-5)


@pytest.mark.parametrize("unroll", UNROLLS)
def test_one_step_is_exact_with_every_unroll(x64, unroll):
    images, rate = inputs()
    expected = graded(oracle, images, rate, num_steps=1)
    assert_close(graded(loss, images, rate, unroll=unroll, num_steps=1), expected, 1e-6)


@pytest.mark.parametrize("unroll", UNROLLS)
def test_the_start_is_differentiated_too(x64, unroll):
    images, rate = inputs()

    def by_start(unroll):
        return jax.jit(jax.grad(lambda s: loss(images, rate, unroll=unroll, start=s)))(
            cast(START, "float64")
        )

    ours, exact = by_start(unroll), by_start("stored")
    if unroll in EXACT:
        assert_close(ours, exact, 1e-9)
    else:
        assert all(np.isfinite(x).all() for x in jax.tree.leaves(ours))


@pytest.mark.parametrize("unroll", UNROLLS)
def test_no_step_is_one_and_the_target_is_zero(x64, unroll):
    images, rate = inputs()
    assert loss(images, rate, unroll=unroll, num_steps=0) == 1
    assert loss(images, 0 * rate, unroll=unroll) == 1
    start, labels = cast(START, "float64"), jnp.asarray(LABELS)
    params = start
    for step in range(STEPS):
        gradient = jax.grad(cross_entropy)(params, *BATCH(step, images, labels))
        params = jax.tree.map(lambda p, g: p - rate * g, params, gradient)
    options = {"num_steps": STEPS, "batch_fn": BATCH, "unroll": unroll}
    landed = kernels.trajectory_loss(apply_fn, start, params, images, labels, rate, **options)
    assert landed < 1e-20


@pytest.mark.parametrize("unroll", UNROLLS)
def test_vmap_equals_a_loop(x64, unroll):
    keys = jax.random.split(jax.random.key(7), 3)
    images, rate = inputs()

    def one(key, images):
        def own(images, rate):
            return loss(images, rate, unroll=unroll, batch_fn=make_batch(key))

        return jax.value_and_grad(own, argnums=(0, 1))(images, rate)

    together = jax.jit(jax.vmap(one))(keys, jnp.stack([images, 2 * images, -images]))
    alone = jax.jit(one)
    for i, scaled in enumerate((images, 2 * images, -images)):
        ours = jax.tree.map(lambda x, i=i: x[i], together)
        assert_close(ours, alone(keys[i], scaled), 1e-9)


def memory(unroll, num_steps):
    """Bytes of scratch of the compiled gradient."""
    gradient = jax.jit(
        jax.value_and_grad(lambda *a: loss(*a, unroll=unroll, num_steps=num_steps), argnums=(0, 1))
    )
    compiled = gradient.lower(*inputs("float32")).compile()
    return compiled.memory_analysis().temp_size_in_bytes


@pytest.mark.parametrize("unroll", ["recomputed", "held"])
def test_memory_is_flat_in_the_number_of_steps(unroll):
    assert memory(unroll, 64) == memory(unroll, 4)


def test_stored_keeps_the_parameters_of_each_step_and_nothing_more():
    parameters = 4 * sum(x.size for x in jax.tree.leaves(START))
    grown = (memory("stored", 68) - memory("stored", 4)) / 64
    assert parameters <= grown < parameters + 64


def test_another_way_is_refused():
    with pytest.raises(ValueError, match="unknown unroll 'kept'; choose from: stored, recomputed"):
        loss(*inputs("float32"), unroll="kept")
