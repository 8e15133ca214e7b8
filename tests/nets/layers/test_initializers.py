"""PyTorch's default initialisation: bounds and moments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import nets


@pytest.mark.parametrize("fan_in", [1, 9, 1152])
def test_is_uniform_between_plus_and_minus_one_over_the_root_of_the_fan_in(fan_in):
    draws = nets.torch_uniform(fan_in)(jax.random.key(0), (100, 400), jnp.float32)
    bound = 1 / np.sqrt(fan_in)
    assert draws.shape == (100, 400) and draws.dtype == "float32"
    assert 0.999 * bound < jnp.max(draws) <= bound
    assert 0.999 * bound < -jnp.min(draws) <= bound
    assert abs(jnp.mean(draws)) < 0.02 * bound
    np.testing.assert_allclose(jnp.var(draws), bound**2 / 3, rtol=0.02)
    quarters = np.histogram(np.asarray(draws) / bound, bins=4, range=(-1, 1))[0]
    np.testing.assert_allclose(quarters, 10_000, rtol=0.05)


def test_follows_from_the_key_and_keeps_the_dtype(x64):
    init = nets.torch_uniform(9)
    draws = [init(jax.random.key(seed), (5,), jnp.float64) for seed in (0, 1, 0)]
    assert draws[0].dtype == "float64"
    assert jnp.all(draws[0] == draws[2]) and not jnp.any(draws[0] == draws[1])


def test_is_what_torch_draws():
    torch = pytest.importorskip("torch")
    layer = torch.nn.Conv2d(4, 1000, 3)
    draws = nets.torch_uniform(4 * 9)(jax.random.key(0), (1000, 36), jnp.float32)
    for tensor in (layer.weight, layer.bias):
        theirs = tensor.detach().numpy()
        np.testing.assert_allclose(np.abs(theirs).max(), jnp.abs(draws).max(), rtol=0.01)
        np.testing.assert_allclose(theirs.var(), jnp.var(draws), rtol=0.1)
