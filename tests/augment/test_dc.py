"""DC's augmentation: an operator for each image, with the reference's ranges and fills."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import augment
from medjax.errors import UserError

NAMES = ("crop", "scale", "rotate", "noise")
CASES = ["dc_augment_c1_28", "dc_augment_c3_32"]


@functools.partial(jax.jit, static_argnums=0)
def apply(strategy, draw, images):
    return strategy.apply(draw, images)


@functools.partial(jax.jit, static_argnums=(0, 2))
def sample(strategy, key, n):
    return strategy.sample_per_image(key, n)


def make_images(n, size=8, channels=1):
    return jnp.asarray(np.random.RandomState(1).randn(n, size, size, channels).astype("f")) + 0.5


def make_draw(ops, units):
    keys = jax.random.split(jax.random.key(0), len(ops))
    return augment.DCDraw(jnp.asarray(ops, jnp.int32), jnp.asarray(units, jnp.float32), keys)


def test_parse():
    strategy = augment.parse_augmentation("dc_crop_scale_rotate")
    assert strategy == augment.DCStrategy(("crop", "scale", "rotate"))
    assert augment.parse_augmentation("crop_flip") == augment.parse_strategy("crop_flip")
    assert augment.parse_augmentation(None).names == ()
    for text in ("dc_crop_flip", "dc_"):
        with pytest.raises(UserError, match=r"unknown DC operator .* crop, scale, rotate, noise"):
            augment.parse_augmentation(text)
    with pytest.raises(UserError, match="DC strategy 'crop_crop' repeats 'crop'"):
        augment.parse_augmentation("dc_crop_crop")


def test_a_set_is_not_distilled_with_it():
    with pytest.raises(UserError, match=r"^dc_crop transforms each image alone"):
        augment.parse_strategy("dc_crop")


def units_of(names, ops, params, size):
    """The middles of the unit intervals that mean these parameters."""
    ranges = {"crop": (-4, 8), "scale": (0.8 * size, 0.4 * size), "rotate": (-45, 90)}
    units = np.zeros((len(ops), 2))
    for row, (op, values) in enumerate(zip(ops, params, strict=True)):
        low, width = ranges.get(names[op], (0, 1))
        # The smallest scaled size is only partly in the range.
        units[row] = np.clip((values + 0.5 - low) / width, 0, 0.9999)
    return units


@pytest.mark.parametrize("case", CASES)
def test_golden(golden, case):
    """The reference's draws, among which are all three operators, with the means of its batch."""
    arrays, strategy = golden(case), augment.parse_augmentation("dc_crop_scale_rotate")
    images, ops = arrays["x"].transpose(0, 2, 3, 1), arrays["crop_scale_rotate/op"]
    units = units_of(NAMES, ops, arrays["crop_scale_rotate/params"], images.shape[1])
    out = apply(strategy, make_draw(ops, units), jnp.asarray(images))
    expected = arrays["crop_scale_rotate/y"].transpose(0, 2, 3, 1)
    assert set(ops) == {0, 1, 2}
    np.testing.assert_allclose(out, expected, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_golden_with_noise(golden, case, monkeypatch):
    arrays, strategy = golden(case), augment.parse_augmentation("dc_crop_noise")
    images, theirs = arrays["x"].transpose(0, 2, 3, 1), arrays["crop_noise/op"]
    normal = jnp.asarray(arrays["crop_noise/normal"].transpose(0, 2, 3, 1))
    monkeypatch.setattr(jax.random, "normal", lambda key, shape, dtype: key)
    ops = (theirs == NAMES.index("noise")).astype(int)
    units = units_of(NAMES, theirs, arrays["crop_noise/params"], images.shape[1])
    draw = make_draw(ops, units)._replace(noise=normal)
    out = strategy.apply(draw, jnp.asarray(images))
    assert set(ops) == {0, 1}
    np.testing.assert_allclose(out, arrays["crop_noise/y"].transpose(0, 2, 3, 1), atol=1e-6)


def test_noise_is_small_and_of_each_image():
    strategy = augment.parse_augmentation("dc_noise")
    images = make_images(64, 28)
    noise = apply(strategy, sample(strategy, jax.random.key(0), 64), images) - images
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, 0.001], atol=2e-5)
    assert len(np.unique(np.asarray(noise)[:, 0, 0, 0])) == 64


def test_every_image_has_its_own_draw():
    strategy = augment.DCStrategy(NAMES)
    draw = sample(strategy, jax.random.key(0), 6000)
    shares = np.bincount(draw.op, minlength=4) / 6000
    np.testing.assert_allclose(shares, np.full(4, 1 / 4), atol=0.015)  # three standard errors
    columns = np.column_stack([draw.op, draw.units])
    np.testing.assert_allclose(columns[:, 1:].mean(0), 0.5, atol=0.015)
    np.testing.assert_allclose(np.corrcoef(columns.T), np.eye(3), atol=0.05)
    assert len(np.unique(jax.random.key_data(draw.noise), axis=0)) == 6000


LAST = np.nextafter(np.float32(1), np.float32(0))


def ramp(size):
    """An image whose pixel (i, j) holds 1 + i·size + j: each value tells where it came from."""
    return 1 + jnp.arange(size * size, dtype=jnp.float32).reshape(1, size, size, 1)


def test_crop_reaches_four_pixels_back_and_three_on():
    images, strategy = ramp(28), augment.DCStrategy(("crop",))
    for unit, shift in ((0.0, -4), (0.49, -1), (0.5, 0), (LAST, 3)):
        out = apply(strategy, make_draw([0], [[unit, 0.5]]), images)
        assert float(out[0, 14, 14, 0]) == 1 + (14 + shift) * 28 + 14
    first = apply(strategy, make_draw([0], [[0, 0.5]]), images)[0, 0]
    np.testing.assert_allclose(first, images.mean(), rtol=1e-6)


@pytest.mark.parametrize("unit, size", [(0.0, 22), (0.5, 28), (LAST, 33)])
def test_scale_ranges_from_four_fifths_to_six_fifths(unit, size):
    images, strategy = jnp.ones((1, 28, 28, 1)), augment.DCStrategy(("scale",))
    out = apply(strategy, make_draw([0], [[unit, 0.5]]), images)
    assert int((out[0, :, 14, 0] == 1).sum()) == min(size, 28)
    assert set(np.unique(out)) <= {0, 1}  # zeros beside, whatever the mean is


def test_the_fill_is_the_mean_of_the_batch():
    strategy = augment.DCStrategy(("crop", "rotate"))
    images = jnp.stack([jnp.zeros((8, 8, 2)), jnp.ones((8, 8, 2)) * jnp.array([[[2.0, 6.0]]])])
    out = apply(strategy, make_draw([0, 1], [[0, 0.5], [0, 0]]), images)
    np.testing.assert_allclose(out[0, 0, 0], [1, 3], rtol=1e-6)
    np.testing.assert_allclose(out[1, 0, 0], [2, 2], rtol=1e-6)


def test_jit_equals_eager_and_each_image_alone():
    strategy, images = augment.DCStrategy(NAMES), make_images(4, channels=3)
    draw = make_draw([0, 1, 2, 3], np.random.RandomState(0).rand(4, 2))
    out = apply(strategy, draw, images)
    np.testing.assert_allclose(strategy.apply(draw, images), out, atol=1e-5)
    for k, name in enumerate(NAMES):
        one = augment.DCStrategy((name,))
        same = apply(one, draw._replace(op=jnp.zeros(4, jnp.int32)), images)
        np.testing.assert_allclose(out[k], same[k], atol=1e-5)


def test_a_draw_for_another_batch_is_refused():
    strategy = augment.DCStrategy(("crop",))
    draw = sample(strategy, jax.random.key(0), 3)
    for wrong in (draw, draw._replace(op=jnp.zeros(2)), draw._replace(units=jnp.zeros((2, 3)))):
        with pytest.raises(AssertionError):
            strategy.apply(wrong, make_images(2))
    with pytest.raises(AssertionError):
        strategy.apply(draw, make_images(3)[0])


class CentralValues(chex.TestCase):
    """Known values, compiled and not."""

    @chex.variants(with_jit=True, without_jit=True)
    def test_the_middle_of_each_range_changes_nothing(self):
        strategy, images = augment.DCStrategy(NAMES[:3]), make_images(3)
        draw = make_draw([0, 1, 2], np.full((3, 2), 0.5))
        out = self.variant(functools.partial(strategy.apply, draw))(images)
        np.testing.assert_allclose(out, images, atol=1e-5)
