"""Windows, percentile clips and pixel units, by hand, on raw images."""

import numpy as np
import pytest

from medjax.data.prepare import windowing
from medjax.data.prepare.percentiles import percentiles
from medjax.errors import UserError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (24, 18, 1), np.uint8)
CT = RNG.integers(-1000, 2000, (24, 18, 1)).astype(np.int16)


def test_window_is_dicoms_exact_linear_one():
    values = np.array([-2000, -160, 40, 90, 240, 3000])[:, None, None]
    for dtype in (np.int16, np.float32):
        seen = windowing.Window(40, 400)(values.astype(dtype))
        np.testing.assert_array_equal(seen.ravel(), np.float32([0, 0, 0.5, 0.625, 1, 1]))
        assert seen.dtype == np.float32
    deep = np.array([0, 32767, 65535], np.uint16)[:, None, None]
    np.testing.assert_allclose(
        windowing.Window(32767.5, 65535)(deep).ravel(), [0, 0.5, 1], atol=1e-5
    )


def test_from_one_percentile_of_the_training_pixels_to_another():
    images = [RNG.integers(0, 250, (h, w, 1)).astype(np.int16) for h, w in ((5, 7), (9, 4))]
    clip = windowing.PercentileClip(12.3, 77).fit(iter(images))
    a, b = clip.bounds
    assert clip.bounds == percentiles(images, (12.3, 77))
    expected = np.clip((images[1].astype(np.float64) - a) / (b - a), 0, 1)
    np.testing.assert_allclose(clip(images[1]), expected, atol=1e-6)


def test_percentiles_of_each_image():
    clip = windowing.PercentileClip(0, 100, over="image")
    assert not clip.needs_images
    for image in (CT, GREY):
        seen = clip(image)
        assert (seen.min(), seen.max()) == (0, 1)
    np.testing.assert_array_equal(clip(np.full((2, 2, 1), 9, np.uint16)), np.zeros((2, 2, 1)))


@pytest.mark.parametrize(
    ("image", "inside"),
    [(GREY, True), (np.float64([[[0.0], [1.0]]]), True), (CT, False), (np.ones((1, 1, 1), int), 0)],
    ids=str,
)
def test_pixel_units(image, inside):
    if inside:
        seen = windowing.in_pixel_units(image)
        assert seen.dtype == np.float32 and 0 <= seen.min() <= seen.max() <= 1
    else:
        with pytest.raises(UserError, match="put window"):
            windowing.in_pixel_units(image)
    for beyond in (-0.1, 1.1, np.nan):
        with pytest.raises(UserError, match="neither uint8 nor in 0–1"):
            windowing.in_pixel_units(np.full((1, 1, 1), beyond))
