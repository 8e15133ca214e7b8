"""CutMix against numpy: the box, its share and how often there is one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import augment

KEY = jax.random.key(0)


def oracle(images, partners, units):
    """The box of the paper: sides by the square root of its area, cut at the borders."""
    _, h, w, _ = images.shape
    half_h, half_w = int(h * units[0] ** 0.5) // 2, int(w * units[0] ** 0.5) // 2
    row, column = int(h * units[1]), int(w * units[2])
    top, bottom = max(row - half_h, 0), min(row + half_h, h)
    left, right = max(column - half_w, 0), min(column + half_w, w)
    mixed = images.copy()
    mixed[:, top:bottom, left:right] = images[partners, top:bottom, left:right]
    return mixed, 1 - (bottom - top) * (right - left) / (h * w)


@pytest.mark.parametrize("seed", range(8))
def test_equals_numpy(x64, seed):
    images = np.random.default_rng(seed).normal(size=(5, 9, 12, 2))
    draw = augment.sample_cutmix(jax.random.key(seed), 5, probability=1.0)
    mixed, share = jax.jit(augment.cutmix)(jnp.asarray(images), draw)
    expected, expected_share = oracle(images, np.asarray(draw.partners), np.asarray(draw.units))
    np.testing.assert_array_equal(mixed, expected)
    np.testing.assert_allclose(share, expected_share, rtol=1e-12)


@pytest.mark.parametrize(("units", "share"), [([0.0, 0.5, 0.5], 1.0), ([0.999999, 0.5, 0.5], 0.0)])
def test_from_nothing_to_all(units, share):
    images = jnp.arange(2.0)[:, None, None, None] * jnp.ones((2, 8, 8, 1))
    draw = augment.CutMixDraw(jnp.array([1, 0]), jnp.array(True), jnp.array(units))
    mixed, left = augment.cutmix(images, draw)
    # The sides are rounded down, so hardly any box is the whole image.
    assert abs(float(left) - share) <= 0.44 and float(mixed[0].mean()) == pytest.approx(1 - left)


def test_the_probability_is_of_a_batch():
    def draw(key):
        return augment.sample_cutmix(key, 4, probability=0.3)

    draws = jax.vmap(draw)(jax.random.split(KEY, 3000))
    assert np.mean(draws.mixes) == pytest.approx(0.3, abs=0.03)
    np.testing.assert_allclose(draws.units.mean(0), 0.5, atol=0.03)
    assert (np.sort(draws.partners, axis=1) == np.arange(4)).all()
    assert len(np.unique(np.asarray(draws.partners), axis=0)) == 24


def test_without_a_box_nothing_changes():
    images = jax.random.normal(KEY, (4, 6, 6, 1))
    draw = augment.sample_cutmix(KEY, 4, probability=0.0)
    mixed, share = augment.cutmix(images, draw)
    np.testing.assert_array_equal(mixed, images)
    assert share == 1


def test_another_number_of_images_is_refused():
    draw = augment.sample_cutmix(KEY, 4, probability=1.0)
    with pytest.raises(AssertionError):
        augment.cutmix(jnp.ones((3, 6, 6, 1)), draw)
