"""Pooling against numpy."""

import jax.numpy as jnp
import numpy as np
import pytest

from medjax.nets.layers.pooling import pool


@pytest.mark.parametrize(("kind", "reduce"), [("avg", np.mean), ("max", np.max)])
def test_a_last_odd_row_or_column_is_dropped(kind, reduce):
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype(np.float32)
    expected = reduce(x[:, :4].reshape(2, 2, 2, 3, 2, 3), axis=(2, 4))
    np.testing.assert_allclose(pool(jnp.asarray(x), kind), expected, rtol=1e-5, atol=1e-6)


def test_none_passes_through():
    x = jnp.ones((1, 3, 3, 1))
    assert pool(x, "none") is x
