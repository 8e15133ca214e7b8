"""Every step by hand or against the library that it is, on native images."""

import sys

import numpy as np
import pytest
from PIL import Image

from medjax.data import parse_preparation
from medjax.data.prepare import steps
from medjax.data.prepare.percentiles import percentiles
from medjax.errors import UserError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (24, 18, 1), np.uint8)
RGB = RNG.integers(0, 256, (24, 18, 3), np.uint8)
CT = RNG.integers(-1000, 2000, (24, 18, 1)).astype(np.int16)


def test_window_is_dicoms_exact_linear_one():
    values = np.array([-2000, -160, 40, 90, 240, 3000])[:, None, None]
    for dtype in (np.int16, np.float32):
        seen = steps.Window(40, 400)(values.astype(dtype))
        np.testing.assert_array_equal(seen.ravel(), np.float32([0, 0, 0.5, 0.625, 1, 1]))
        assert seen.dtype == np.float32
    deep = np.array([0, 32767, 65535], np.uint16)[:, None, None]
    np.testing.assert_allclose(steps.Window(32767.5, 65535)(deep).ravel(), [0, 0.5, 1], atol=1e-5)


def test_from_one_percentile_of_the_training_pixels_to_another():
    images = [RNG.integers(0, 250, (h, w, 1)).astype(np.int16) for h, w in ((5, 7), (9, 4))]
    clip = steps.PercentileClip(12.3, 77).fit(iter(images))
    a, b = clip.bounds
    assert clip.bounds == percentiles(images, (12.3, 77))
    expected = np.clip((images[1].astype(np.float64) - a) / (b - a), 0, 1)
    np.testing.assert_allclose(clip(images[1]), expected, atol=1e-6)


def test_percentiles_of_each_image():
    clip = steps.PercentileClip(0, 100, over="image")
    assert not clip.needs_images
    for image in (CT, GREY):
        seen = clip(image)
        assert (seen.min(), seen.max()) == (0, 1)
    np.testing.assert_array_equal(clip(np.full((2, 2, 1), 9, np.uint16)), np.zeros((2, 2, 1)))


@pytest.mark.parametrize("image", [GREY, RGB, CT, CT / np.float32(7)], ids=str)
@pytest.mark.parametrize("keep_aspect", ["pad", "crop", "stretch"])
def test_resize_is_a_square_of_the_same_dtype_and_range(image, keep_aspect):
    seen = steps.Resize(12, keep_aspect)(image)
    assert seen.shape == (12, 12, image.shape[-1]) and seen.dtype == image.dtype
    assert seen.min() >= image.min() and seen.max() <= image.max()
    assert steps.Resize(7)(seen).shape == (7, 7, image.shape[-1])
    square = image[:18]
    assert steps.Resize(18, keep_aspect)(square) is square


def test_what_resize_keeps():
    ramp = np.tile(np.arange(24, dtype=np.uint8)[:, None, None] * 10, (1, 12, 1))  # 24 × 12
    pad, crop, stretch = (steps.Resize(12, way)(ramp)[..., 0] for way in ("pad", "crop", "stretch"))
    assert not pad[:, :3].any() and not pad[:, 9:].any() and pad[-1, 3:9].all()
    np.testing.assert_array_equal(crop, ramp[6:18, :, 0])  # the middle as it was, nothing scaled
    assert (stretch == stretch[:, :1]).all() and stretch[0, 0] < 15 < 215 < stretch[-1, 0]
    theirs = Image.fromarray(ramp[..., 0]).resize((12, 12), Image.Resampling.BICUBIC)
    np.testing.assert_allclose(stretch, np.asarray(theirs), atol=1)
    lowest = steps.Resize(12)(ramp + np.uint8(5))
    assert (lowest[:, :3] == 5).all()  # padded with the least value there is


def test_grey_and_colour():
    weights = Image.fromarray(RGB).convert("L")
    grey = steps.Grayscale()(RGB)
    np.testing.assert_allclose(grey[..., 0], np.asarray(weights), atol=1)
    assert grey.dtype == np.uint8 and steps.Grayscale()(GREY) is GREY
    np.testing.assert_array_equal(steps.Rgb()(CT), np.concatenate([CT] * 3, -1))
    np.testing.assert_array_equal(steps.Rgb()(RGB), RGB)
    for step in (steps.Grayscale(), steps.Rgb()):
        with pytest.raises(UserError, match=f"{step.name} takes 1 or 3 channels, got 4"):
            step(np.zeros((2, 2, 4), np.uint8))


@pytest.mark.parametrize("image", [GREY, RGB, GREY / np.float32(255)], ids=str)
def test_clahe_is_scikit_images(image):
    exposure = pytest.importorskip("skimage.exposure", reason="needs medjax[clahe]")
    seen = steps.Clahe(0.03)(image)
    assert seen.dtype == np.float32 and seen.shape == image.shape
    theirs = exposure.equalize_adapthist(image.squeeze(), clip_limit=0.03)
    # Of uint8 the library makes float64, and counts grey levels of that.
    np.testing.assert_allclose(seen.squeeze(), theirs, atol=0.02)
    assert seen.min() >= 0 and seen.max() <= 1
    flat = np.full((16, 16, 1), 51, np.uint8)
    np.testing.assert_allclose(steps.Clahe()(flat), 0.2)
    with pytest.raises(UserError, match="neither uint8 nor in 0–1; put window"):
        steps.Clahe()(CT)


def test_clahe_without_scikit_image_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    preparation = parse_preparation("clahe")  # a record can be read all the same
    with pytest.raises(UserError, match=r"clahe needs scikit-image: pip install 'medjax\[clahe\]'"):
        preparation.apply(GREY[None])


@pytest.mark.parametrize(
    ("image", "inside"),
    [(GREY, True), (np.float64([[[0.0], [1.0]]]), True), (CT, False), (np.ones((1, 1, 1), int), 0)],
    ids=str,
)
def test_pixel_units(image, inside):
    if inside:
        seen = steps.in_pixel_units(image)
        assert seen.dtype == np.float32 and 0 <= seen.min() <= seen.max() <= 1
    else:
        with pytest.raises(UserError, match="put window"):
            steps.in_pixel_units(image)
    for beyond in (-0.1, 1.1, np.nan):
        with pytest.raises(UserError, match="neither uint8 nor in 0–1"):
            steps.in_pixel_units(np.full((1, 1, 1), beyond))
