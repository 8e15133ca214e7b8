"""The layers: value, shapes, and a start from the fan-in of each."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import nets
from medjax.nets.layers.linear import Conv, Dense

# layer, input, kernel, fan-in
CASES = {
    "conv": (Conv(200), (1, 4, 4, 3), (3, 3, 3, 200), 27),
    "5×3 conv": (Conv(200, kernel_size=(5, 3)), (1, 6, 6, 2), (5, 3, 2, 200), 30),
    "dense": (Dense(200), (1, 40), (40, 200), 40),
}


@pytest.mark.parametrize("name", CASES)
def test_kernel_and_bias_start_as_torchs_do(name):
    layer, inputs, kernel_shape, fan_in = CASES[name]
    params = layer.init(jax.random.key(0), jnp.ones(inputs))["params"]
    assert params.keys() == {"kernel", "bias"}
    assert params["kernel"].shape == kernel_shape and params["bias"].shape == (200,)
    bound = 1 / np.sqrt(fan_in)
    for values in params.values():
        assert values.dtype == "float32"
        assert 0.95 * bound < jnp.max(jnp.abs(values)) <= bound
        np.testing.assert_allclose(jnp.var(values), bound**2 / 3, rtol=0.15)
    assert not np.isin(params["bias"], params["kernel"]).any()


def test_conv_is_conv2d_and_a_bias():
    rng = np.random.default_rng(0)
    x, kernel, bias = (
        jnp.asarray(rng.normal(size=shape), jnp.float32)
        for shape in ((2, 5, 4, 2), (3, 3, 2, 4), (4,))
    )
    ours = Conv(4, padding=(3, 1)).apply({"params": {"kernel": kernel, "bias": bias}}, x)
    expected = nets.conv2d(x, kernel, (3, 1)) + bias[None, None, None]
    assert ours.shape == (2, 9, 4, 4)
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_dense_is_a_product_and_a_bias():
    kernel, bias = jnp.arange(6.0).reshape(3, 2), jnp.array([10.0, 20.0])
    ours = Dense(2).apply(
        {"params": {"kernel": kernel, "bias": bias}}, jnp.array([[1.0, 0.0, 2.0]])
    )
    np.testing.assert_array_equal(ours, [[18.0, 31.0]])
