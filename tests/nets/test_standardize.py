"""Standardising against numpy, and its derivative against that of the plain formula."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax.nets.standardize import EPS, standardize

SHAPE = (3, 4, 5, 2)
AXES = [(1, 2), (0, 1, 2), (1, 2, 3), (3,), (0,)]


def example(seed=0, shape=SHAPE):
    return jnp.asarray(2 + 3 * np.random.default_rng(seed).normal(size=shape))


def plain(x, axes):
    mean = jnp.mean(x, axes, keepdims=True)
    return (x - mean) / jnp.sqrt(jnp.var(x, axes, keepdims=True) + EPS)


@pytest.mark.parametrize("axes", AXES)
def test_equals_numpy(x64, axes):
    x = np.asarray(example())
    expected = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
    np.testing.assert_allclose(standardize(jnp.asarray(x), axes), expected, rtol=1e-12)


def test_the_epsilon_counts_where_the_variance_is_small(x64):
    x = np.array([[0.0, 1e-3, 2e-3]])
    expected = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
    np.testing.assert_allclose(standardize(jnp.asarray(x), (1,)), expected, rtol=1e-12)


@pytest.mark.parametrize("axes", AXES)
def test_two_derivatives_equal_those_of_the_formula(x64, axes):
    weights = example(1)

    def derivatives(function):
        def first(x):
            return jax.grad(lambda x: jnp.sum(weights * jnp.sin(function(x, axes))))(x)

        second = jax.grad(lambda x: jnp.sum(weights * jnp.cos(first(x))))
        return jax.jit(lambda x: (first(x), second(x)))(example())

    for ours, theirs in zip(derivatives(standardize), derivatives(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


def test_derivatives_are_right(x64):
    x = example(0, (2, 3, 2))
    check_grads(jax.jit(lambda x: standardize(x, (1,))), (x,), order=2, modes=("rev",))


def test_derivatives_are_finite_where_nothing_varies(x64):
    x = jnp.ones((2, 3))

    def first(x):
        return jax.grad(lambda x: jnp.sum(jnp.sin(standardize(x, (1,)))))(x)

    second = jax.grad(lambda x: jnp.sum(jnp.cos(first(x))))(x)
    assert not standardize(x, (1,)).any()
    assert jnp.all(jnp.isfinite(first(x))) and jnp.all(jnp.isfinite(second))


def test_vmap_equals_a_loop_and_float32_stays_float32():
    x = example().astype(jnp.float32)
    together = jax.vmap(lambda image: standardize(image, (0, 1)))(x)
    assert together.dtype == "float32"
    np.testing.assert_allclose(together, standardize(x, (1, 2)), rtol=1e-5, atol=1e-6)
