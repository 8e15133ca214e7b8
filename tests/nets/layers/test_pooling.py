"""Pooling against numpy, and images that are too small."""

import jax.numpy as jnp
import numpy as np
import pytest

from medjax.errors import UserError
from medjax.nets.layers.pooling import pool, require_size


@pytest.mark.parametrize(("kind", "reduce"), [("avg", np.mean), ("max", np.max)])
def test_a_last_odd_row_or_column_is_dropped(kind, reduce):
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype(np.float32)
    expected = reduce(x[:, :4].reshape(2, 2, 2, 3, 2, 3), axis=(2, 4))
    np.testing.assert_allclose(pool(jnp.asarray(x), kind), expected, rtol=1e-5, atol=1e-6)


def test_none_passes_through():
    x = jnp.ones((1, 3, 3, 1))
    assert pool(x, "none") is x


@pytest.mark.parametrize("size", [(8, 8), (28, 31), (32, 28), (28, 28)])
def test_28_pixels_count_as_32(size):
    images = jnp.zeros((1, *size, 1))
    if size in ((32, 28), (28, 28)):
        require_size(images, "a VGG11", least=32)
    else:
        message = f"^a VGG11 needs images of at least 32×32, got {size[0]}×{size[1]}$"
        with pytest.raises(UserError, match=message):
            require_size(images, "a VGG11", least=32)
