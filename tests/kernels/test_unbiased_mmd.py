"""The unbiased MMD²: its definition in numpy, cases by hand, and every split of a population."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax import kernels

N, M, FEATURES = 4, 3, 5


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def by_hand(x, y, bandwidth):
    """A loop over pairs."""

    def k(a, b):
        return np.exp(-sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) / (2 * bandwidth**2))

    def others(rows):
        return np.mean([k(a, b) for a, b in itertools.permutations(rows, 2)])

    return others(x) + others(y) - 2 * np.mean([k(a, b) for a in x for b in y])


@pytest.mark.parametrize("bandwidth", [0.3, 1.0, 7.0])
def test_it_is_its_definition(x64, bandwidth):
    x, y = normal(0, N, FEATURES), normal(1, M, FEATURES) + 100
    ours = kernels.mmd_unbiased(x, y, bandwidth=bandwidth)
    assert ours.shape == () and ours.dtype == np.float64
    expected = by_hand(np.asarray(x), np.asarray(y), bandwidth)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_cases_by_hand(x64):
    far = jnp.array([[0.0], [1e6]])
    near = jnp.zeros((2, 1))
    # All pairs within a set are alike, none is between them; then no pair anywhere; then all.
    assert kernels.mmd_unbiased(near, near + 1e6, bandwidth=1.0) == 2
    assert kernels.mmd_unbiased(far, far + 3e6, bandwidth=1.0) == 0
    assert kernels.mmd_unbiased(near, near, bandwidth=1.0) == 0
    # x at 0 and 2, both y at 1: e^-2 + 1 - 2 e^-1/2.
    x, y = jnp.array([[0.0], [2.0]]), jnp.ones((2, 1))
    expected = np.exp(-2) + 1 - 2 * np.exp(-0.5)
    np.testing.assert_allclose(kernels.mmd_unbiased(x, y, bandwidth=1.0), expected, rtol=1e-12)


def test_its_mean_over_all_splits_of_a_population_is_zero(x64):
    """The biased estimate has no such mean: it calls the sets different."""
    population = normal(2, 7, FEATURES)
    splits = [list(rows) for rows in itertools.combinations(range(7), 3)]
    rest = [[row for row in range(7) if row not in rows] for rows in splits]
    x, y = population[jnp.array(splits)], population[jnp.array(rest)]
    values = kernels.mmd_unbiased(x, y, bandwidth=2.0)
    assert values.shape == (35,) and float(values.min()) < -0.01 and float(values.max()) > 0.01
    assert abs(float(values.mean())) < 1e-12
    assert float(kernels.mmd(x, y, kernel=kernels.rbf([2.0])).mean()) > 0.1


def test_it_is_the_biased_one_without_the_diagonal(x64):
    x, y = normal(0, 2, N, FEATURES), normal(1, 2, M, FEATURES)
    kernel = kernels.rbf([1.5])
    within = [np.asarray(kernel(z, z)).sum((1, 2)) for z in (x, y)]
    added = sum(
        sums / n**2 - (sums - n) / (n * (n - 1)) for sums, n in zip(within, (N, M), strict=True)
    )
    ours = kernels.mmd_unbiased(x, y, bandwidth=1.5)
    np.testing.assert_allclose(ours + added, kernels.mmd(x, y, kernel=kernel), rtol=1e-9)


def test_leading_axes_are_a_loop_and_so_is_vmap(x64):
    x, y = normal(0, 2, 3, N, FEATURES), normal(1, 2, 3, M, FEATURES)
    one = partial(kernels.mmd_unbiased, bandwidth=1.0)
    ours = jax.jit(one)(x, y)
    assert ours.shape == (2, 3)
    np.testing.assert_allclose(jax.vmap(jax.vmap(one))(x, y), ours, rtol=1e-10)
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(one(x[index], y[index]), ours[index], rtol=1e-10)


def test_derivatives_are_right_and_finite_where_sets_are_equal(x64):
    one = partial(kernels.mmd_unbiased, bandwidth=1.0)
    x, y = normal(0, N, FEATURES), normal(1, M, FEATURES)
    check_grads(one, (x, y), order=2, modes=["rev"])
    value, slope = jax.value_and_grad(one)(x, x)
    assert abs(float(value)) < 1 and np.isfinite(slope).all()


def test_float32_stays_float32_also_far_from_zero():
    x, y = (jnp.asarray(normal(i, N, FEATURES), jnp.float32) for i in (0, 1))
    near = kernels.mmd_unbiased(x, y, bandwidth=1.0)
    assert near.dtype == jnp.float32
    np.testing.assert_allclose(
        kernels.mmd_unbiased(x + 64, y + 64, bandwidth=1.0), near, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("bandwidth", [0.0, -1.0, float("nan")])
def test_a_bandwidth_is_above_zero(bandwidth):
    with pytest.raises(ValueError, match="bandwidth must be above 0"):
        kernels.mmd_unbiased(jnp.zeros((2, 1)), jnp.zeros((2, 1)), bandwidth=bandwidth)


@pytest.mark.parametrize("sizes", [(1, 2), (2, 1), (0, 3)])
def test_a_set_has_two_rows(sizes):
    x, y = (jnp.zeros((n, 1)) for n in sizes)
    with pytest.raises(ValueError, match=f"got {sizes[0]} and {sizes[1]}"):
        kernels.mmd_unbiased(x, y, bandwidth=1.0)
