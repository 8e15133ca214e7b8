"""Statistics are exact; normalising and its inverse agree with numpy and with each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax.data import channel_stats, denormalize, normalize
from medjax.errors import UserError


def _images(shape=(5, 4, 3, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_stats_equal_float64_numpy():
    images = _images()
    mean, std = channel_stats(images)
    pixels = images.astype(np.float64) / 255
    np.testing.assert_allclose(mean, pixels.mean((0, 1, 2)), rtol=1e-7)
    np.testing.assert_allclose(std, pixels.std((0, 1, 2)), rtol=1e-6)
    assert mean.dtype == std.dtype == np.float32
    assert mean.shape == std.shape == (3,)


def test_stats_are_exact_over_many_chunks(monkeypatch):
    from medjax.data.normalize import channel_stats as stats

    images = _images((7, 5, 5, 1))
    whole = stats(images)
    monkeypatch.setitem(stats.__globals__, "_CHUNK_PIXELS", 11)
    np.testing.assert_array_equal(stats(images), whole)


def test_a_faint_spread_on_a_large_bright_set_survives():
    """One level apart around 254: E[x²] − E[x]² in float32 would give nothing sensible."""
    images = np.full((64, 128, 128, 1), 254, np.uint8)
    images[::2] = 250
    mean, std = channel_stats(images)
    np.testing.assert_allclose(mean, 252 / 255, rtol=1e-7)
    np.testing.assert_allclose(std, 2 / 255, rtol=1e-7)


def test_constant_channel_gets_one_grey_level():
    images = _images()
    images[..., 1] = 77
    std = channel_stats(images)[1]
    assert std[1] == np.float32(1 / 255)
    assert std[0] > 0.1


@pytest.mark.parametrize("images", [np.zeros((2, 2, 2, 1)), np.zeros((0, 2, 2, 1), np.uint8)])
def test_stats_refuse_floats_and_nothing(images):
    with pytest.raises(UserError, match="need uint8 images with pixels"):
        channel_stats(images)


def test_uint8_and_float_pixels_normalise_alike():
    images, mean, std = _images(), jnp.array([0.1, 0.5, 0.7]), jnp.array([0.2, 0.3, 0.4])
    expected = (images / 255 - np.array([0.1, 0.5, 0.7])) / np.array([0.2, 0.3, 0.4])
    from_bytes = jax.jit(normalize)(jnp.asarray(images), mean, std)
    from_floats = normalize(jnp.asarray(images / 255, jnp.float32), mean, std)
    assert from_bytes.dtype == jnp.float32
    np.testing.assert_allclose(from_bytes, expected, atol=2e-6)
    np.testing.assert_allclose(from_floats, expected, atol=2e-6)


def test_one_image_and_stacked_batches_normalise_alike():
    images, mean, std = _images((2, 3, 4, 4, 3)), np.full(3, 0.5, "f"), np.full(3, 0.25, "f")
    stacked = normalize(images, mean, std)
    np.testing.assert_array_equal(stacked[1, 2], normalize(images[1, 2], mean, std))


def test_denormalise_inverts():
    images, (mean, std) = _images(), channel_stats(_images())
    back = jax.jit(denormalize)(normalize(images, mean, std), mean, std)
    np.testing.assert_allclose(back, images / 255, atol=1e-6)
    assert back.dtype == jnp.float32


def test_float64_stays_float64(x64):
    images, (mean, std) = _images(), channel_stats(_images())
    pixels = jnp.asarray(images / 255)
    normalised = normalize(pixels, mean, std)
    assert normalised.dtype == jnp.float64
    np.testing.assert_allclose(denormalize(normalised, mean, std), pixels, atol=1e-15)
    assert normalize(images, mean, std).dtype == jnp.float32


def test_integers_that_are_no_bytes_are_refused():
    with pytest.raises(UserError, match=r"must be uint8 .* got int32"):
        normalize(jnp.zeros((1, 2, 2, 1), jnp.int32), jnp.zeros(1), jnp.ones(1))
