"""Features of a batch, in chunks and of unit length."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax import kernels


def embed(params, images):
    return jnp.tanh(images.reshape(len(images), -1) @ params)


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 5, 9])
def test_chunks_change_nothing(x64, chunk_size):
    rng = np.random.default_rng(0)
    params, images = (
        jnp.asarray(rng.normal(size=(4, 3))),
        jnp.asarray(rng.normal(size=(5, 2, 2, 1))),
    )

    def features(params, images):
        return kernels.batch_features(embed, params, images, chunk_size=chunk_size)

    np.testing.assert_allclose(features(params, images), embed(params, images), rtol=1e-12)
    ours = jax.jacrev(features, argnums=(0, 1))(params, images)
    theirs = jax.jacrev(embed, argnums=(0, 1))(params, images)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10), ours, theirs)


def test_a_batch_at_once_is_one_call():
    """So that a network whose images depend on each other sees all of them."""
    sizes = []

    def record(params, images):
        sizes.append(len(images))
        return images.reshape(len(images), -1)

    for chunk_size in (None, 4, 5):
        kernels.batch_features(record, None, jnp.ones((4, 1, 1, 1)), chunk_size=chunk_size)
    assert sizes == [4, 4, 4]


def test_unit_rows(x64):
    rows = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 3)))
    expected = np.asarray(rows) / np.linalg.norm(rows, axis=-1, keepdims=True)
    np.testing.assert_allclose(kernels.unit_rows(rows), expected, rtol=1e-12)
    check_grads(kernels.unit_rows, (rows,), order=2, modes=["rev"])


def test_a_row_of_zeros_stays_so_with_a_finite_gradient():
    value, pull = jax.vjp(kernels.unit_rows, jnp.zeros((2, 3)))
    assert not value.any() and np.isfinite(pull(jnp.ones((2, 3)))[0]).all()
