"""Grey and RGB images from either, against Pillow."""

import numpy as np
import pytest
from PIL import Image

from medjax.data.prepare.channels import Grayscale, Rgb
from medjax.errors import UserError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (24, 18, 1), np.uint8)
RGB = RNG.integers(0, 256, (24, 18, 3), np.uint8)
CT = RNG.integers(-1000, 2000, (24, 18, 1)).astype(np.int16)


def test_grey_and_colour():
    weights = Image.fromarray(RGB).convert("L")
    grey = Grayscale()(RGB)
    np.testing.assert_allclose(grey[..., 0], np.asarray(weights), atol=1)
    assert grey.dtype == np.uint8 and Grayscale()(GREY) is GREY
    np.testing.assert_array_equal(Rgb()(CT), np.concatenate([CT] * 3, -1))
    np.testing.assert_array_equal(Rgb()(RGB), RGB)
    for step in (Grayscale(), Rgb()):
        with pytest.raises(UserError, match=f"{step.name} takes 1 or 3 channels, got 4"):
            step(np.zeros((2, 2, 4), np.uint8))
