"""Winograd's filtering against the sums that it is a shorter way to."""

import jax.numpy as jnp
import numpy as np
import pytest

from medjax.nets.layers import winograd


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def filtered(images, kernel, before, rows):
    """A correlation of columns of numbers with three taps: one channel, one column."""
    images = jnp.asarray(images)[None, :, None, None]
    parts = winograd.split_images(images, before=before, rows=rows)
    kernels = winograd.split_kernel(jnp.asarray(kernel)[:, None, None, None])
    products = [part * k[0, 0, 0, 0] for part, k in zip(parts, kernels, strict=True)]
    return winograd.join_images(products, rows=rows)[0, :, 0, 0]


@pytest.mark.parametrize(("size", "before", "rows"), [(6, 0, 4), (8, 1, 8), (9, 1, 9), (7, -1, 4)])
def test_three_taps(x64, size, before, rows):
    images, kernel = normal(0, size), normal(1, 3)
    padded = np.pad(images, (max(before, 0), 8))[max(-before, 0) :]
    expected = [padded[row : row + 3] @ kernel for row in range(rows)]
    np.testing.assert_allclose(filtered(images, kernel, before, rows), expected, rtol=1e-12)


@pytest.mark.parametrize("rows", [4, 7, 8])
def test_the_kernels_gradient(x64, rows):
    images, cotangent = normal(0, rows + 2), normal(1, rows)
    parts = winograd.split_images(jnp.asarray(images)[None, :, None, None], before=0, rows=rows)
    grads = winograd.split_cotangent(jnp.asarray(cotangent)[None, :, None, None])
    products = [jnp.sum(a * b)[None, None, None, None] for a, b in zip(parts, grads, strict=True)]
    found = winograd.join_kernel(jnp.stack(products))[:, 0, 0, 0]
    expected = [images[tap : tap + rows] @ cotangent for tap in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_rounding_stays_small():
    """Against float64: a few millionths of the largest value, as the golden numbers need."""
    images, kernel = normal(0, 256).astype(np.float32), normal(1, 3).astype(np.float32)
    found = filtered(images, kernel, 1, 256)
    exact = np.correlate(np.pad(images.astype(float), 1), kernel.astype(float), "valid")
    assert found.dtype == np.float32
    assert np.abs(found - exact).max() < 5e-6 * np.abs(exact).max()
