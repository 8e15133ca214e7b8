"""The operators of DC's augmentation, against the reference's numbers and by hand.

``tests/golden/dc_augment_*.npz`` hold the outputs ``{strategy}/y`` of the reference's ``augment``,
NCHW, for images ``x``; ``op`` and ``params`` are what it drew for each image: (dy, dx), (h, w) or
(degrees, 0); ``normal`` is its noise before it is scaled.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from medjax.augment import dc_ops

CASES = ["dc_augment_c1_28", "dc_augment_c3_32"]


def nhwc(images):
    return jnp.asarray(images.transpose(0, 2, 3, 1))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["crop", "scale", "rotate"])
def test_golden(golden, case, name):
    arrays = golden(case)
    images, expected = nhwc(arrays["x"]), nhwc(arrays[f"{name}/y"])
    mean = images.mean((0, 1, 2))
    operators = {
        "crop": lambda image, p: dc_ops.crop(image, p[0], p[1], fill=mean),
        "scale": lambda image, p: dc_ops.resize(image, p[0], p[1]),
        "rotate": lambda image, p: dc_ops.rotate(image, p[0].astype("f"), fill=mean.mean()),
    }
    out = jax.jit(jax.vmap(operators[name]))(images, jnp.asarray(arrays[f"{name}/params"]))
    np.testing.assert_allclose(out, expected, atol=1e-4 if name == "rotate" else 1e-6)


@pytest.mark.parametrize("size", [27, 28])
def test_every_angle_is_that_of_scipy(size):
    """On a canvas that holds all of the image, of which the middle is kept."""
    image = np.random.RandomState(0).randn(size, size, 1).astype(np.float32)
    angles = np.arange(-45, 45)
    out = jax.jit(jax.vmap(lambda angle: dc_ops.rotate(image, angle, fill=2.0)))(
        jnp.asarray(angles, jnp.float32)
    )
    for turned, angle in zip(out, angles, strict=True):
        canvas = ndimage.rotate(image, angle, axes=(0, 1), cval=2.0)
        start = (len(canvas) - size) // 2
        expected = canvas[start : start + size, start : start + size]
        np.testing.assert_allclose(turned, expected, atol=1e-4, err_msg=str(angle))


def test_a_crop_fills_each_channel():
    image = jnp.arange(8.0).reshape(2, 2, 2)
    out = dc_ops.crop(image, -1, 1, fill=jnp.array([20.0, 30.0]))
    assert out.tolist() == [[[20.0, 30.0]] * 2, [[2.0, 3.0], [20.0, 30.0]]]


def test_resized_images_lie_in_the_middle():
    image = 1 + jnp.arange(16.0).reshape(4, 4, 1)
    assert dc_ops.resize(image, 4, 4).tolist() == image.tolist()
    small = dc_ops.resize(image, 3, 2)[..., 0]
    rows = [[0, 1, 3, 0], [0, 5, 7, 0], [0, 9, 11, 0], [0, 0, 0, 0]]
    assert small.tolist() == rows
    large = dc_ops.resize(image, 6, 4)[..., 0]
    assert large[:, 0].tolist() == [1, 5, 9, 9] and large[0].tolist() == [1, 2, 3, 4]
