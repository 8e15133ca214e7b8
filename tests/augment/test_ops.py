"""The operators of medjax.augment: golden parity, numpy oracles, derivatives, transformations."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax import augment
from medjax.errors import UserError

SHAPE = (3, 6, 5, 3)

# One entry per operator: (function of (images, *params), params of one transform, params of each
# of the three images). Every contract below runs over this table.
OPERATORS = {
    "brightness": (augment.brightness, [0.3], [[0.3, -0.2, 0.0]]),
    "saturation": (augment.saturation, [1.7], [[1.7, 0.0, 0.4]]),
    "contrast": (augment.contrast, [0.6], [[0.6, 1.4, 1.0]]),
    "translate": (augment.translate, [1, -2], [[1, 0, -3], [-2, 4, 0]]),
    "cutout": (
        lambda x, row, col: augment.cutout(x, row, col, size=3),
        [0, 4],
        [[0, 6, 2], [4, 0, 5]],
    ),
    "flip": (augment.flip, [True], [[True, False, True]]),
    "scale": (augment.scale, [0.9, 1.15], [[0.9, 1.2, 1.0], [1.15, 0.85, 1.0]]),
    "rotate": (augment.rotate, [0.2], [[0.2, -0.25, 3.0]]),
}


def make_images(dtype=np.float32, shape=SHAPE):
    return jnp.asarray(np.random.RandomState(0).randn(*shape).astype(dtype))


# Jitted, because eager calls compile each primitive by itself, which costs more than the tests.
JITTED = {name: jax.jit(function) for name, (function, _, _) in OPERATORS.items()}


@pytest.fixture(params=OPERATORS)
def operator(request):
    """``(jitted function, siamese params, per-image params)`` with array parameters."""
    _, siamese, per_image = OPERATORS[request.param]
    siamese, per_image = ([jnp.asarray(p) for p in params] for params in (siamese, per_image))
    return JITTED[request.param], siamese, per_image


# How the golden files' draws become parameters (tests/golden holds the draws).
SCALE_RANGE = 1.2 - 1 / 1.2
FROM_DRAWS = {
    "rand_brightness": lambda x, u: augment.brightness(x, u - 0.5),
    "rand_saturation": lambda x, u: augment.saturation(x, u * 2.0),
    "rand_contrast": lambda x, u: augment.contrast(x, u + 0.5),
    "rand_crop": augment.translate,
    "rand_cutout": lambda x, y, z: augment.cutout(x, y, z, size=int(0.5 * x.shape[1] + 0.5)),
    "rand_flip": lambda x, u: augment.flip(x, u < 0.5),
    "rand_scale": lambda x, ux, uy: augment.scale(
        x, uy * SCALE_RANGE + 1 / 1.2, ux * SCALE_RANGE + 1 / 1.2
    ),
    "rand_rotate": lambda x, u: augment.rotate(x, (u - 0.5) * math.radians(30.0)),
}


INTEGER_DRAWS = {"rand_crop", "rand_cutout"}


@pytest.mark.parametrize("name", FROM_DRAWS)
@pytest.mark.parametrize("case", ["dsa_c1_28", "dsa_c3_32"])
def test_golden(golden, case, name):
    data = golden(case)
    images = jnp.asarray(data["x"].transpose(0, 2, 3, 1))
    function = jax.jit(FROM_DRAWS[name])
    for trial in range(3):
        expected = data[f"{name}/{trial}/y"].transpose(0, 2, 3, 1)
        dtype = np.int32 if name in INTEGER_DRAWS else np.float32
        draws = data[f"{name}/{trial}/draws"].astype(dtype)
        np.testing.assert_allclose(function(images, *draws), expected, rtol=0, atol=3e-5)


@pytest.mark.parametrize("dy, dx", [(0, 0), (2, -1), (-5, 4), (6, 0), (-18, 3), (0, 2**31 - 1)])
def test_translate_oracle(dy, dx):
    images = np.asarray(make_images())
    expected = np.zeros_like(images)
    for i in range(SHAPE[1]):
        for j in range(SHAPE[2]):
            if 0 <= i + dy < SHAPE[1] and 0 <= j + dx < SHAPE[2]:
                expected[:, i, j] = images[:, i + dy, j + dx]
    np.testing.assert_array_equal(JITTED["translate"](images, dy, dx), expected)


@pytest.mark.parametrize("size", [1, 2, 3, (4, 1)])
@pytest.mark.parametrize("row, col", [(0, 0), (2, 3), (6, 5), (5, 0)])
def test_cutout_oracle(row, col, size):
    expected = np.array(make_images())
    height, width = size if isinstance(size, tuple) else (size, size)
    top, left = row - height // 2, col - width // 2
    expected[:, max(top, 0) : top + height, max(left, 0) : left + width] = 0
    np.testing.assert_array_equal(augment.cutout(make_images(), row, col, size=size), expected)


def test_flip_mirrors_left_right():
    images = make_images()
    np.testing.assert_array_equal(augment.flip(images, True), images[:, :, ::-1])
    np.testing.assert_array_equal(augment.flip(images, False), images)


def test_contrast_keeps_the_mean_of_each_image():
    images = make_images()
    out = augment.contrast(images, 0.3)
    np.testing.assert_allclose(out.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-6)
    np.testing.assert_allclose(out.std((1, 2, 3)), 0.3 * images.std((1, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("factor", [0.0, 0.3, 2.0])
def test_saturation_leaves_grey_images_alone_exactly(factor):
    images = make_images(shape=(3, 6, 5, 1))
    np.testing.assert_array_equal(augment.saturation(images, factor), images)


def bilinear(image, y, x):
    """Numpy oracle: one bilinear sample at pixel coordinates (y, x), zero outside."""
    height, width, _ = image.shape
    total = np.zeros(image.shape[2])
    for p in (math.floor(y), math.floor(y) + 1):
        for q in (math.floor(x), math.floor(x) + 1):
            if 0 <= p < height and 0 <= q < width:
                total += (1 - abs(y - p)) * (1 - abs(x - q)) * image[p, q]
    return total


@pytest.mark.parametrize("height, width", [(6, 5), (1, 4), (4, 1)])
@pytest.mark.parametrize("radians", [-0.26, 0.2, 2.5])
def test_rotate_and_scale_oracle(x64, height, width, radians):
    # Any H × W: the map acts on coordinates in [-1, 1], as the reference's does.
    images = make_images(np.float64, (2, height, width, 2))
    half_h, half_w = (height - 1) / 2, (width - 1) / 2
    rotated, scaled = np.zeros(images.shape), np.zeros(images.shape)
    for i in range(height):
        for j in range(width):
            v, u = (i - half_h) / (half_h or 1), (j - half_w) / (half_w or 1)
            y = math.sin(radians) * u + math.cos(radians) * v
            x = math.cos(radians) * u - math.sin(radians) * v
            for n in range(2):
                image = np.asarray(images[n])
                rotated[n, i, j] = bilinear(image, (y + 1) * half_h, (x + 1) * half_w)
                scaled[n, i, j] = bilinear(image, (1.2 * v + 1) * half_h, (0.9 * u + 1) * half_w)
    np.testing.assert_allclose(JITTED["rotate"](images, radians), rotated, atol=1e-12)
    np.testing.assert_allclose(JITTED["scale"](images, 1.2, 0.9), scaled, atol=1e-12)


IDENTITY = {
    "brightness": [0.0],
    "saturation": [1.0],
    "contrast": [1.0],
    "translate": [0, 0],
    "cutout": [-9, 0],
    "flip": [False],
    "scale": [1.0, 1.0],
    "rotate": [0.0],
}


@pytest.mark.parametrize("name", IDENTITY)
def test_identity_parameters_change_nothing(name):
    images = make_images()
    np.testing.assert_allclose(JITTED[name](images, *IDENTITY[name]), images, atol=3e-6)


def test_one_transform_does_not_depend_on_the_batch(operator):
    function, siamese, _ = operator
    images = make_images()
    whole = function(images, *siamese)
    for count in (1, 2):
        np.testing.assert_allclose(function(images[:count], *siamese), whole[:count], rtol=1e-6)


def test_per_image_equals_a_loop(operator):
    function, _, per_image = operator
    images = make_images()
    out = function(images, *per_image)
    for k in range(len(images)):
        alone = function(images[k : k + 1], *[p[k] for p in per_image])
        np.testing.assert_allclose(out[k : k + 1], alone, atol=1e-6)


def test_a_scalar_beside_a_per_image_parameter():
    images = make_images()
    out = augment.translate(images, 1, jnp.asarray([0, 1, 2]))
    np.testing.assert_array_equal(out[2:], augment.translate(images[2:], 1, 2))


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("mode", [1, 2])
def test_jit_equals_eager(name, mode):
    function, params = OPERATORS[name][0], [jnp.asarray(p) for p in OPERATORS[name][mode]]
    images = make_images()
    eager = function(images, *params)
    np.testing.assert_allclose(JITTED[name](images, *params), eager, atol=1e-6)


def test_vmap_equals_a_loop(operator):
    # As over classes: a leading axis of batches, one transform each.
    function, _, per_image = operator
    images = make_images(shape=(3, 2, 6, 5, 3))
    out = jax.jit(jax.vmap(function))(images, *per_image)
    for k in range(3):
        alone = function(images[k], *[p[k] for p in per_image])
        np.testing.assert_allclose(out[k], alone, atol=1e-6)


def test_dtype_and_shape_are_kept(operator, x64):
    function, siamese, _ = operator
    for dtype in (jnp.float32, jnp.float64, jnp.bfloat16):
        images = make_images().astype(dtype)
        out = jax.eval_shape(function, images, *siamese)
        assert (out.shape, out.dtype) == (images.shape, images.dtype)


def test_float64_is_computed_in_float64(x64):
    square = make_images(np.float64)[:, :5]
    back = JITTED["rotate"](JITTED["rotate"](square, math.pi / 2), -math.pi / 2)
    np.testing.assert_allclose(back, square, atol=1e-12)


def test_bfloat16_coordinates_are_not_rounded():
    # bfloat16 has 8 bits: coordinates rounded to it would be off by whole pixels at 300 px.
    images = jnp.zeros((1, 300, 300, 1), jnp.float32).at[:, :, 257].set(1.0)
    expected = JITTED["scale"](images, 1.0, 1.1)
    out = JITTED["scale"](images.astype(jnp.bfloat16), 1.0, 1.1)
    np.testing.assert_allclose(out.astype(jnp.float32), expected, atol=1e-2)


@pytest.mark.parametrize("mode", [1, 2])
def test_gradients(operator, x64, mode):
    function, params = operator[0], operator[mode]
    images = make_images(np.float64, (3, 3, 2, 2))

    @jax.jit
    def loss(x):
        return jnp.sum(jnp.sin(function(x, *params)))  # curved, so that order 2 says something

    check_grads(loss, (images,), order=2, modes=("rev",), atol=1e-4, rtol=1e-4)


def test_integer_images_are_refused():
    with pytest.raises(UserError, match=r"images must be floating point, got uint8"):
        augment.brightness(jnp.zeros((2, 4, 4, 1), jnp.uint8), 0.1)


def test_a_single_image_without_a_batch_axis_is_refused():
    with pytest.raises(UserError, match=r"images must be \[n, h, w, c\], got shape \(4, 4, 1\)"):
        augment.flip(jnp.zeros((4, 4, 1)), True)


def test_a_wrong_number_of_parameters_is_refused():
    expected = r"scalar or one value for each of the 3 images, got shape \(2,\)"
    with pytest.raises(UserError, match=expected):
        augment.brightness(make_images(), jnp.zeros(2))
