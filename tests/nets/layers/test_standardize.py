"""Standardising against numpy, and its derivative against that of the plain formula."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax.nets.layers.standardize import EPS, standardize, standardize_channels

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


CHANNEL_AXES = [(1, 2), (0, 1, 2), (0,)]


@pytest.mark.parametrize("axes", CHANNEL_AXES)
def test_with_scale_and_bias_two_derivatives_equal_those_of_the_formula(x64, axes):
    weights, args = example(1), (example(), example(2, SHAPE[-1:]), example(3, SHAPE[-1:]))

    def affine(x, scale, bias, axes):
        return plain(x, axes) * scale[None, None, None] + bias[None, None, None]

    def value_and_derivatives(function):
        def first(*args):
            loss = lambda *args: jnp.sum(weights * jnp.sin(function(*args, axes)))  # noqa: E731
            return jax.grad(loss, (0, 1, 2))(*args)

        def second(*args):
            return sum(jnp.sum(jnp.cos(g)) for g in first(*args))

        return jax.jit(
            lambda *args: (function(*args, axes), first(*args), jax.grad(second, (0, 1, 2))(*args))
        )(*args)

    ours, theirs = (value_and_derivatives(f) for f in (standardize_channels, affine))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9), ours, theirs)


def test_shared_scales_under_shard_map_are_summed_over_devices(x64):
    """Images on eight devices, scale and bias on all, with the axes checked."""
    x, scale, bias = example(0, (8, 2, 3, 2)), example(2, (2,)), example(3, (2,))

    def gradients(x, scale, bias):
        def loss(*args):
            return jnp.sum(jnp.sin(standardize_channels(*args, (1, 2))))

        return jax.grad(loss, (0, 1, 2))(x, scale, bias)

    mesh = jax.make_mesh((8,), ("batch",), axis_types=(jax.sharding.AxisType.Auto,))
    specs = jax.P("batch"), jax.P(), jax.P()
    sharded = jax.jit(jax.shard_map(gradients, mesh=mesh, in_specs=specs, out_specs=specs))
    for ours, wanted in zip(sharded(x, scale, bias), gradients(x, scale, bias), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-9)
