"""The characteristic-function distance: its definition in numpy, its derivatives, its limits."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax import kernels

REAL, SYN, FEATURES, FREQUENCIES = 6, 3, 4, 7


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def case(*leading):
    """``(real, syn, frequencies)``."""
    real, syn = normal(0, *leading, REAL, FEATURES), normal(1, *leading, SYN, FEATURES)
    return real, 0.5 + syn, normal(2, FREQUENCIES, FEATURES)


def weights_of(*leading):
    return {
        "real_weights": jnp.abs(normal(3, *leading, REAL)),
        "syn_weights": jnp.abs(normal(4, *leading, SYN)),
    }


def by_hand(real, syn, frequencies, *, amplitude, phase, real_weights=None, syn_weights=None):
    """A loop over frequencies and images, in complex numbers."""
    total = 0.0
    for t in np.asarray(frequencies):
        means = []
        for rows, weights in ((real, real_weights), (syn, syn_weights)):
            waves = [np.exp(1j * sum(a * b for a, b in zip(t, x, strict=True))) for x in rows]
            means.append(np.average(waves, weights=weights))
        r, s = means
        angle = 2 * (abs(r) * abs(s) - r.real * s.real - r.imag * s.imag)
        total += np.sqrt(amplitude * (abs(r) - abs(s)) ** 2 + phase * max(angle, 1e-12))
    return total / len(frequencies)


@pytest.mark.parametrize(("amplitude", "phase"), [(0.5, 0.5), (0.8, 0.1), (1.0, 0.0), (0.0, 2.0)])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_its_definition(x64, amplitude, phase, weighted):
    options = {"amplitude": amplitude, "phase": phase} | (weights_of() if weighted else {})
    ours = kernels.characteristic_distance(*case(), **options)
    arrays = map(np.asarray, case())
    expected = by_hand(
        *arrays, **{k: np.asarray(v) if k.endswith("weights") else v for k, v in options.items()}
    )
    assert ours.shape == () and ours.dtype == np.float64 and expected > 0.1
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_with_equal_weights_it_is_the_mean_modulus_of_the_difference(x64):
    real, syn, frequencies = case()
    waves = [np.exp(1j * np.asarray(x @ frequencies.T)).mean(0) for x in (real, syn)]
    expected = np.sqrt(0.5) * np.abs(waves[0] - waves[1]).mean()
    ours = kernels.characteristic_distance(real, syn, frequencies)
    np.testing.assert_allclose(ours, expected, rtol=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
def test_leading_axes_are_a_loop_and_so_is_vmap(x64, weighted):
    (real, syn, frequencies), options = case(2, 3), weights_of(2, 3) if weighted else {}
    ours = kernels.characteristic_distance(real, syn, frequencies, **options)
    assert ours.shape == (2, 3)

    def one(real, syn, options):
        return kernels.characteristic_distance(real, syn, frequencies, **options)

    np.testing.assert_allclose(jax.vmap(jax.vmap(one))(real, syn, options), ours, rtol=1e-12)
    for index in np.ndindex(2, 3):
        alone = one(real[index], syn[index], {k: w[index] for k, w in options.items()})
        np.testing.assert_allclose(ours[index], alone, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_derivatives_are_right(x64, weighted):
    options = weights_of() if weighted else {}
    check_grads(partial(kernels.characteristic_distance, **options), case(), order=2, modes=["rev"])


def test_jit_is_eager_and_float32_stays_float32(x64):
    arrays = [x.astype(jnp.float32) for x in case()]
    eager = kernels.characteristic_distance(*arrays)
    assert eager.dtype == jnp.float32
    np.testing.assert_allclose(jax.jit(kernels.characteristic_distance)(*arrays), eager, rtol=1e-6)
    np.testing.assert_allclose(eager, kernels.characteristic_distance(*case()), rtol=1e-5)


def test_rows_of_weight_zero_do_not_count(x64):
    real, syn, frequencies = case()
    padded = kernels.characteristic_distance(
        jnp.concatenate([real, 9 + syn]),
        jnp.concatenate([syn, 9 + real]),
        frequencies,
        real_weights=jnp.array([1.0] * REAL + [0.0] * SYN),
        syn_weights=jnp.array([1.0] * SYN + [0.0] * REAL),
    )
    expected = kernels.characteristic_distance(real, syn, frequencies)
    np.testing.assert_allclose(padded, expected, rtol=1e-12)


def where_it_is_not_smooth():
    """Equal sets; a Φ that is exactly 0; and no image at all."""
    real, _, frequencies = case()
    opposite = jnp.array([[0.0, 0.0], [jnp.pi, 0.0]])  # cos adds up to 0, and sin nearly
    nothing = {"real_weights": jnp.zeros(REAL), "syn_weights": jnp.zeros(REAL)}
    return {
        "equal": ((real, real, frequencies), {}),
        "frequency 0": ((real, real + 1, 0 * frequencies), {}),
        "zero modulus": ((opposite, 0 * opposite, jnp.ones((1, 2))), {}),
        "no image": ((real, real + 1, frequencies), nothing),
    }


@pytest.mark.parametrize(("amplitude", "phase"), [(0.5, 0.5), (1.0, 0.0), (0.0, 1.0)])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("name", where_it_is_not_smooth())
def test_gradients_are_finite_everywhere(x64, name, dtype, amplitude, phase):
    arrays, options = where_it_is_not_smooth()[name]
    arrays = [x.astype(dtype) for x in arrays]
    options = {k: x.astype(dtype) for k, x in options.items()}
    distance = partial(kernels.characteristic_distance, amplitude=amplitude, phase=phase, **options)
    value, gradients = jax.value_and_grad(distance, argnums=(0, 1, 2))(*arrays)
    assert np.isfinite(value) and all(np.isfinite(x).all() for x in gradients)
    if name != "zero modulus":
        assert value < (1e-5 if dtype == jnp.float64 else 1e-3)


def test_it_separates_sets_that_differ_in_spread_alone(x64):
    """The mean embedding does not."""
    real = normal(0, 500, 2)
    real -= real.mean(0, keepdims=True)
    other = 2 * real
    apart = kernels.characteristic_distance(real, other, normal(1, 200, 2))
    assert apart > 10 * kernels.characteristic_distance(real, real[::-1], normal(1, 200, 2))
    assert kernels.mmd(real, other) < 1e-20


@pytest.mark.parametrize("wrong", [{"amplitude": -0.1}, {"phase": -1.0}, {"phase": float("nan")}])
def test_weights_of_the_parts_below_zero(wrong):
    with pytest.raises(ValueError, match="amplitude and phase must be at least 0, got"):
        kernels.characteristic_distance(*case(), **wrong)


def test_equal_sets_are_at_the_bound_of_the_phase(x64):
    real, _, frequencies = case()
    ours = kernels.characteristic_distance(real, real, frequencies, amplitude=0.0, phase=4.0)
    np.testing.assert_allclose(ours, 2e-6, rtol=1e-9)
