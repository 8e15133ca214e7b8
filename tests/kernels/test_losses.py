"""The training losses against numpy, with weights and at extreme logits."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.test_util import check_grads

from medjax import kernels

LOGITS = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 3.0], [-1.0, 0.2, -0.7], [4.0, 0.0, 1.0]])
INTS = np.array([2, 1, 0, 1])
ROWS = np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.2, 0.9, 0.5]])
WEIGHTS = [None, np.array([1.0, 1.0, 1.0, 0.0]), np.array([0.3, 0.0, 2.0, 1.2])]


def numpy_softmax(logits, labels):
    log_sum = np.log(np.sum(np.exp(logits), axis=1))
    return log_sum - logits[np.arange(len(labels)), labels]


def numpy_sigmoid(logits, labels):
    p = 1 / (1 + np.exp(-logits))
    return np.mean(-labels * np.log(p) - (1 - labels) * np.log(1 - p), axis=1)


def numpy_soft(logits, probabilities):
    return np.log(np.sum(np.exp(logits), axis=1)) - np.sum(probabilities * logits, axis=1)


PROBABILITIES = np.array([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0], [0.4, 0.35, 0.25], [0.1, 0.9, 0.0]])
CASES = {
    "soft": (kernels.soft_cross_entropy, PROBABILITIES, numpy_soft),
    "softmax": (kernels.softmax_cross_entropy, INTS, numpy_softmax),
    "sigmoid": (kernels.sigmoid_cross_entropy, ROWS, numpy_sigmoid),
}


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("name", CASES)
def test_equals_numpy(x64, name, weights):
    loss_fn, labels, oracle = CASES[name]
    expected = np.average(oracle(LOGITS, labels), weights=weights)
    args = jax.tree.map(jnp.asarray, (LOGITS, labels))
    given = None if weights is None else jnp.asarray(weights)
    for function in (loss_fn, jax.jit(loss_fn)):
        value = function(*args, weights=given)
        assert value.shape == () and value.dtype == "float64"
        np.testing.assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name):
    loss_fn, labels, oracle = CASES[name]
    labels32 = labels.astype(np.int32 if labels.dtype == int else np.float32)
    value = loss_fn(jnp.asarray(LOGITS, jnp.float32), jnp.asarray(labels32))
    assert value.dtype == "float32"
    np.testing.assert_allclose(value, np.mean(oracle(LOGITS, labels)), rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_a_row_of_weight_zero_does_not_count(name):
    loss_fn, labels, _ = CASES[name]
    logits = jnp.asarray(LOGITS, jnp.float32)
    labels = jnp.asarray(labels, jnp.int32 if name == "softmax" else jnp.float32)
    weights = jnp.array([1.0, 0.5, 2.0, 0.0])
    expected = loss_fn(logits[:3], labels[:3], weights=weights[:3])
    gradient = jax.grad(loss_fn)(logits, labels, weights=weights)
    np.testing.assert_allclose(loss_fn(logits, labels, weights=weights), expected, rtol=1e-6)
    assert not gradient[3].any() and gradient[:3].all()


@pytest.mark.parametrize("name", CASES)
def test_extreme_logits_are_finite(name):
    loss_fn, labels, _ = CASES[name]
    logits = jnp.asarray(LOGITS, jnp.float32) * 1e4
    labels = jnp.asarray(labels, jnp.int32 if name == "softmax" else jnp.float32)
    value, gradient = jax.value_and_grad(loss_fn)(logits, labels)
    assert jnp.isfinite(value) and jnp.all(jnp.isfinite(gradient))


def test_sigmoid_cross_entropy_by_its_labels(x64):
    gradient = jax.grad(kernels.sigmoid_cross_entropy, argnums=1)(
        jnp.asarray(LOGITS), jnp.asarray(ROWS)
    )
    np.testing.assert_allclose(gradient, -LOGITS / LOGITS.size, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_right(x64, name):
    loss_fn, labels, _ = CASES[name]
    labels, weights = jnp.asarray(labels), jnp.asarray(WEIGHTS[2])
    check_grads(
        jax.jit(lambda logits: loss_fn(logits, labels, weights=weights)),
        (jnp.asarray(LOGITS),),
        order=2,
        modes=("rev",),
    )


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 2, 3)])
def test_weighted_mean_equals_numpy(x64, shape):
    values = np.random.default_rng(0).normal(size=shape)
    for weights in WEIGHTS:
        ours = kernels.weighted_mean(
            jnp.asarray(values), None if weights is None else jnp.asarray(weights)
        )
        expected = np.average(values, axis=0, weights=weights)
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_rows_with_a_single_one_are_hard_labels(x64, weights):
    given, logits = None if weights is None else jnp.asarray(weights), jnp.asarray(LOGITS)
    soft = kernels.soft_cross_entropy(logits, jax.nn.one_hot(INTS, 3), weights=given)
    hard = kernels.softmax_cross_entropy(logits, jnp.asarray(INTS), weights=given)
    np.testing.assert_allclose(soft, hard, rtol=1e-12)


def test_derivatives_of_soft_labels_are_right(x64):
    given = jnp.asarray(LOGITS), jnp.asarray(PROBABILITIES)
    loss = jax.jit(lambda *x: kernels.soft_cross_entropy(*x, weights=jnp.asarray(WEIGHTS[2])))
    check_grads(loss, given, order=2, modes=("rev",))


def test_weighted_mean_without_any_weight_is_zero():
    nothing = jnp.zeros(3)
    value, gradients = jax.value_and_grad(kernels.weighted_mean, argnums=(0, 1))(
        jnp.array([1.0, 2.0, 4.0]), nothing
    )
    assert value == 0
    assert all(jnp.all(jnp.isfinite(gradient)) for gradient in gradients)


def test_cross_entropy_is_what_the_labels_ask_for():
    rng = np.random.default_rng(0)
    logits = jnp.asarray(rng.normal(size=(5, 3)), jnp.float32)
    weights = jnp.asarray([1.0, 0.0, 2.0, 0.5, 1.0])
    numbers, rows = jnp.array([0, 2, 1, 1, 0]), jnp.asarray(rng.random((5, 3)), jnp.float32)
    softmax = optax.losses.softmax_cross_entropy_with_integer_labels(logits, numbers)
    sigmoid = optax.losses.sigmoid_binary_cross_entropy(logits, rows).mean(1)
    for labels, losses in ((numbers, softmax), (rows, sigmoid)):
        ours = jax.jit(kernels.cross_entropy)(logits, labels, weights=weights)
        np.testing.assert_allclose(ours, (weights * losses).sum() / 4.5, rtol=1e-6)


@pytest.mark.parametrize("chunk_size", [1, 2, 3])
def test_gradients_of_label_rows_are_the_same_in_chunks(chunk_size):
    rng = np.random.default_rng(0)
    images = jnp.asarray(rng.normal(size=(5, 2, 2, 1)), jnp.float32)
    rows = jnp.asarray(rng.integers(0, 2, (5, 3)), jnp.float32)
    weights = jnp.asarray([1.0, 0.0, 1.0, 1.0, 0.0])
    params = jnp.asarray(rng.normal(size=(4, 3)), jnp.float32)

    def apply_fn(params, images):
        return images.reshape(len(images), -1) @ params

    def gradient(chunk_size):
        return kernels.loss_gradient(
            apply_fn, params, images, rows, weights=weights, chunk_size=chunk_size
        )

    flat, kept = images.reshape(5, -1), np.array([0, 2, 3])
    errors = jax.nn.sigmoid(flat @ params) - rows
    expected = flat[kept].T @ errors[kept] / 9
    np.testing.assert_allclose(gradient(None), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient(chunk_size), expected, rtol=1e-5, atol=1e-6)


UNKNOWN = np.array([[0, -1, 1], [-1, -1, -1], [1, 0, -1], [-1, 0, 1]])


def unknown_mean(logits, labels, weights):
    """The mean over the known labels, one after the other, and its gradient."""
    total, count, gradient = 0.0, 0.0, np.zeros_like(logits)
    for i, j in np.argwhere(labels >= 0):
        p = 1 / (1 + np.exp(-logits[i, j]))
        y, w = labels[i, j], 1 if weights is None else weights[i]
        total -= w * (y * np.log(p) + (1 - y) * np.log(1 - p))
        gradient[i, j] = w * (p - y)
        count += w
    return total / count, gradient / count


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_mean_is_over_the_known_labels(x64, weights):
    given = None if weights is None else jnp.asarray(weights)
    value, gradient = unknown_mean(LOGITS, UNKNOWN, weights)
    loss = jax.value_and_grad(kernels.sigmoid_cross_entropy)
    for function in (loss, jax.jit(loss)):
        ours = function(jnp.asarray(LOGITS), jnp.asarray(UNKNOWN), weights=given)
        np.testing.assert_allclose(ours[0], value, rtol=1e-12)
        np.testing.assert_allclose(ours[1], gradient, rtol=1e-12, atol=1e-15)
        assert not ours[1][UNKNOWN < 0].any()


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("chunk_size", [1, 2, 3])
def test_chunks_weigh_as_many_labels_as_they_know(x64, chunk_size, weights):
    given = None if weights is None else jnp.asarray(weights)
    images = jnp.asarray(np.random.default_rng(0).normal(size=(4, 2, 2, 1)))
    params = jnp.asarray(np.random.default_rng(1).normal(size=(4, 3)))
    flat = np.asarray(images.reshape(4, -1))
    gradient = kernels.loss_gradient(
        lambda params, images: images.reshape(len(images), -1) @ params,
        *(params, images, jnp.asarray(UNKNOWN)),
        weights=given,
        chunk_size=chunk_size,
    )
    _, by_logits = unknown_mean(flat @ np.asarray(params), UNKNOWN, weights)
    np.testing.assert_allclose(gradient, flat.T @ by_logits, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("weights", [None, [1.0, 1.0, 1.0, 1.0]])
def test_with_nothing_known_the_loss_and_its_gradients_are_zero(weights):
    labels, given = jnp.full((4, 3), -1), None if weights is None else jnp.array(weights)
    logits = jnp.asarray(LOGITS, jnp.float32) * 1e4
    value, gradient = jax.value_and_grad(kernels.sigmoid_cross_entropy)(
        logits, labels, weights=given
    )
    assert value == 0 and not gradient.any()
    images = jnp.ones((4, 2, 2, 1))
    gradient = kernels.loss_gradient(
        lambda params, images: images.reshape(len(images), -1) @ params,
        *(jnp.zeros((4, 3)), images, labels),
        weights=given,
        chunk_size=2,
    )
    np.testing.assert_array_equal(gradient, jnp.zeros((4, 3)))


def test_whole_numbers_that_are_all_known_are_plain_labels(x64):
    rows = (ROWS > 0.5).astype(int)
    for weights in WEIGHTS:
        given = None if weights is None else jnp.asarray(weights)
        ours, theirs = (
            kernels.cross_entropy(jnp.asarray(LOGITS), jnp.asarray(x), weights=given)
            for x in (rows, rows.astype(float))
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_derivatives_with_ignored_labels_are_right(x64):
    labels, weights = jnp.asarray(UNKNOWN), jnp.asarray(WEIGHTS[2])
    loss = jax.jit(lambda x: kernels.sigmoid_cross_entropy(x, labels, weights=weights))
    check_grads(loss, (jnp.asarray(LOGITS),), order=2, modes=("rev",))
