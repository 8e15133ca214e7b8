"""Cubic splines, against ``scipy.ndimage``."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy import ndimage

from medjax.augment import spline

FILL = -3.0


def make_image(height, width, channels):
    return np.random.RandomState(0).randn(height, width, channels).astype(np.float32)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 28, 33])
def test_the_prefilter_is_that_of_scipy(size):
    expected = ndimage.spline_filter1d(np.eye(size), 3, axis=0, mode="mirror")
    np.testing.assert_allclose(spline.prefilter(size, jnp.float32), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 12, 3), (5, 5, 2)])
@pytest.mark.parametrize("degrees", [-45, -17, 0, 8, 44, 130])
def test_a_rotation_is_that_of_scipy(shape, degrees):
    image = make_image(*shape)
    expected = ndimage.rotate(image, degrees, axes=(0, 1), reshape=False, cval=FILL)
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    middle = [(n - 1) / 2 for n in shape[:2]]
    y, x = np.indices(shape[:2]) - np.reshape(middle, (2, 1, 1))
    rows, cols = cos * y + sin * x + middle[0], cos * x - sin * y + middle[1]
    points = jnp.asarray(rows, jnp.float32), jnp.asarray(cols, jnp.float32)
    out = jax.jit(spline.sample)(image, *points, fill=FILL)
    np.testing.assert_allclose(out, expected, atol=1e-4)


def test_pixels_are_kept_and_the_border_is_inside():
    image = make_image(6, 7, 2)
    rows, cols = (jnp.asarray(i, jnp.float32) for i in np.indices((6, 7)))
    np.testing.assert_allclose(spline.sample(image, rows, cols, fill=FILL), image, atol=1e-5)
    beyond = jnp.array([-0.01, 5.01])
    out = spline.sample(image, beyond, jnp.zeros(2), fill=jnp.array([8.0, 9.0]))
    assert out.tolist() == [[8.0, 9.0]] * 2


def test_gradients(x64):
    image = jnp.asarray(make_image(4, 5, 2), jnp.float64)
    rows, cols = jnp.array([0.3, 2.9, 7.0]), jnp.array([3.99, 0.1, 1.0])

    def loss(image):
        return jnp.sum(jnp.sin(spline.sample(image, rows, cols, fill=0.0)))

    check_grads(loss, (image,), order=2, modes=("rev",), atol=1e-4, rtol=1e-4)
