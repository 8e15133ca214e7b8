"""Resizing to a square against Pillow, on raw images."""

import numpy as np
import pytest
from PIL import Image

from medjax.data.prepare.resizing import Resize

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (24, 18, 1), np.uint8)
RGB = RNG.integers(0, 256, (24, 18, 3), np.uint8)
CT = RNG.integers(-1000, 2000, (24, 18, 1)).astype(np.int16)


@pytest.mark.parametrize("image", [GREY, RGB, CT, CT / np.float32(7)], ids=str)
@pytest.mark.parametrize("keep_aspect", ["pad", "crop", "stretch"])
def test_resize_is_a_square_of_the_same_dtype_and_range(image, keep_aspect):
    seen = Resize(12, keep_aspect)(image)
    assert seen.shape == (12, 12, image.shape[-1]) and seen.dtype == image.dtype
    assert seen.min() >= image.min() and seen.max() <= image.max()
    assert Resize(7)(seen).shape == (7, 7, image.shape[-1])
    square = image[:18]
    assert Resize(18, keep_aspect)(square) is square


def test_what_resize_keeps():
    ramp = np.tile(np.arange(24, dtype=np.uint8)[:, None, None] * 10, (1, 12, 1))  # 24 × 12
    pad, crop, stretch = (Resize(12, way)(ramp)[..., 0] for way in ("pad", "crop", "stretch"))
    assert not pad[:, :3].any() and not pad[:, 9:].any() and pad[-1, 3:9].all()
    np.testing.assert_array_equal(crop, ramp[6:18, :, 0])  # the unscaled middle
    assert (stretch == stretch[:, :1]).all() and stretch[0, 0] < 15 < 215 < stretch[-1, 0]
    theirs = Image.fromarray(ramp[..., 0]).resize((12, 12), Image.Resampling.BICUBIC)
    np.testing.assert_allclose(stretch, np.asarray(theirs), atol=1)
    lowest = Resize(12)(ramp + np.uint8(5))
    assert (lowest[:, :3] == 5).all()  # padded with the least value
