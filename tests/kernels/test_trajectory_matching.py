"""Trajectory matching: hand-computed students of a linear model."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec
from jax.test_util import check_grads

from medjax import kernels

CLASSES, SYN = 3, 4
LABELS = np.array([0, 1, 2, 1])


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def apply_fn(params, images):
    return images.reshape(len(images), -1) @ params["kernel"] + params["bias"][None]


def make_params(seed):
    return {
        "kernel": jnp.asarray(normal(seed, 4, CLASSES)),
        "bias": jnp.asarray(normal(seed + 1, CLASSES)),
    }


def make_images(seed=10):
    return jnp.asarray(normal(seed, SYN, 2, 2, 1))


def eager_loss(start, target, images, learning_rate, *, num_steps, labels=LABELS):
    return kernels.trajectory_loss(
        apply_fn,
        start,
        target,
        images,
        jnp.asarray(labels),
        jnp.asarray(learning_rate),
        num_steps=num_steps,
    )


loss = jax.jit(eager_loss, static_argnames="num_steps")


def numpy_student(start, images, learning_rate, *, num_steps):
    """Gradient descent written out: ``W ← W − α xᵀ (p − y) / n``."""
    kernel, bias = np.asarray(start["kernel"]), np.asarray(start["bias"])
    x = np.asarray(images).reshape(SYN, -1)
    for _ in range(num_steps):
        logits = x @ kernel + bias
        p = np.exp(logits) / np.sum(np.exp(logits), axis=1, keepdims=True)
        error = (p - np.eye(CLASSES)[LABELS]) / SYN
        kernel = kernel - learning_rate * x.T @ error
        bias = bias - learning_rate * np.sum(error, axis=0)
    return {"kernel": kernel, "bias": bias}


def numpy_square(a, b):
    return sum(np.sum((np.asarray(a[name]) - np.asarray(b[name])) ** 2) for name in a)


@pytest.mark.parametrize("num_steps", [1, 2, 5])
def test_equals_the_student_computed_by_hand(x64, num_steps):
    start, target, images = make_params(0), make_params(2), make_images()
    student = numpy_student(start, images, 0.7, num_steps=num_steps)
    expected = numpy_square(student, target) / numpy_square(start, target)
    ours = loss(start, target, images, 0.7, num_steps=num_steps)
    assert ours.shape == () and ours.dtype == "float64"
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize(("learning_rate", "num_steps"), [(0.0, 3), (0.7, 0)])
def test_one_for_a_student_that_does_not_move(x64, learning_rate, num_steps):
    value = loss(make_params(0), make_params(2), make_images(), learning_rate, num_steps=num_steps)
    assert value == 1


@pytest.mark.parametrize("num_steps", [1, 3])
def test_zero_for_a_student_that_lands_on_the_target(x64, num_steps):
    start, images = make_params(0), make_images()
    target = jax.tree.map(jnp.asarray, numpy_student(start, images, 0.7, num_steps=num_steps))
    np.testing.assert_allclose(loss(start, target, images, 0.7, num_steps=num_steps), 0, atol=1e-20)
    assert loss(start, target, images, 0.7, num_steps=num_steps + 1) > 1e-4


def test_the_expert_gets_no_gradient_and_the_images_and_the_rate_do(x64):
    args = (make_params(0), make_params(2), make_images(), jnp.asarray(0.7))
    _, by_target, by_images, by_rate = jax.grad(
        lambda *args: loss(*args, num_steps=2), argnums=(0, 1, 2, 3)
    )(*args)
    assert not any(leaf.any() for leaf in jax.tree.leaves(by_target))
    assert by_images.all() and by_rate != 0


def test_the_start_moves_the_student_and_not_the_scale(x64):
    start, target, images = make_params(0), make_params(2), make_images()
    ours = jax.grad(loss)(start, target, images, 0.0, num_steps=2)
    scale = numpy_square(start, target)
    for name, gradient in ours.items():
        np.testing.assert_allclose(gradient, 2 * (start[name] - target[name]) / scale, rtol=1e-10)


def test_the_order_of_the_images_does_not_matter(x64):
    start, target, images = make_params(0), make_params(2), make_images()
    order = np.array([2, 0, 3, 1])
    np.testing.assert_allclose(
        loss(start, target, images[order], 0.7, num_steps=3, labels=LABELS[order]),
        loss(start, target, images, 0.7, num_steps=3),
        rtol=1e-12,
    )


def test_float32_stays_float32_and_jit_equals_eager():
    as_32 = lambda tree: jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), tree)  # noqa: E731
    start, target, images = map(as_32, (make_params(0), make_params(2), make_images()))
    labels = LABELS.astype(np.int32)

    eager, compiled = (
        function(start, target, images, jnp.float32(0.7), num_steps=2, labels=labels)
        for function in (eager_loss, loss)
    )
    assert eager.dtype == compiled.dtype == "float32"
    np.testing.assert_allclose(compiled, eager, rtol=1e-5)


def test_vmap_over_experts_and_eight_devices_equal_a_loop(x64, class_mesh):
    starts, targets = (
        jax.tree.map(lambda *xs: jnp.stack(xs), *[make_params(seed + 2 * i) for i in range(8)])
        for seed in (0, 100)
    )
    images = make_images()

    def one(start, target, images):
        return jax.value_and_grad(lambda x: loss(start, target, x, 0.7, num_steps=2))(images)

    every_expert = jax.jit(jax.vmap(one, in_axes=(0, 0, None)))
    alone = jax.jit(one)
    loop = [alone(*jax.tree.map(lambda x, i=i: x[i], (starts, targets)), images) for i in range(8)]
    loop = jax.tree.map(lambda *xs: jnp.stack(xs), *loop)
    spread = NamedSharding(class_mesh, PartitionSpec("class"))
    everywhere = NamedSharding(class_mesh, PartitionSpec())
    sharded = every_expert(
        *jax.device_put((starts, targets), spread), jax.device_put(images, everywhere)
    )
    assert len(sharded[0].devices()) == 8
    for together in (every_expert(starts, targets, images), sharded):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9), together, loop)


def test_derivatives_are_right(x64):
    start, target = make_params(0), make_params(2)
    check_grads(
        lambda images, rate: loss(start, target, images, rate, num_steps=2),
        (make_images(), jnp.asarray(0.7)),
        order=2,
        modes=("rev",),
    )
