"""The direction of GSAM against numpy in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import kernels

START = {
    "a": np.random.default_rng(0).normal(size=(3, 2)),
    "b": np.random.default_rng(1).normal(size=2),
}


def loss(params):
    return jnp.sum(jnp.cos(params["a"] @ params["b"])) + jnp.sum(params["b"] ** 4)


def gradient_of(vector):
    params = {"a": jnp.asarray(vector[:6].reshape(3, 2)), "b": jnp.asarray(vector[6:])}
    return np.concatenate([np.ravel(x) for x in jax.tree.leaves(jax.grad(loss)(params))])


def numpy_direction(vector, radius, gap):
    here = gradient_of(vector)
    epsilon = radius * vector**2 * here / np.sqrt(np.sum((np.abs(vector) * here) ** 2))
    highest = gradient_of(vector + epsilon)
    unit = highest / np.linalg.norm(highest)
    across = here - (here @ unit) * unit
    return highest - gap * across


@pytest.mark.parametrize(("radius", "gap"), [(0.0, 0.3), (0.05, 0.0), (0.05, 0.3), (2.0, 0.4)])
def test_equals_numpy(x64, radius, gap):
    vector = np.concatenate([START["a"].ravel(), START["b"]])
    params = jax.tree.map(jnp.asarray, START)
    ours = jax.jit(
        lambda p: kernels.sharpness_aware_gradient(jax.grad(loss), p, radius=radius, gap=gap)
    )(params)
    flat = np.concatenate([np.ravel(x) for x in jax.tree.leaves(ours)])
    np.testing.assert_allclose(flat, numpy_direction(vector, radius, gap), rtol=1e-9)
    differs = np.abs(flat - gradient_of(vector)).max()
    assert (differs > 1e-6) == (radius > 0)


def test_it_is_finite_where_nothing_has_a_slope():
    zero = {"a": jnp.zeros((3, 2)), "b": jnp.zeros(2)}
    ours = kernels.sharpness_aware_gradient(jax.grad(loss), zero, radius=0.1, gap=0.3)
    assert all(not x.any() for x in jax.tree.leaves(ours))
