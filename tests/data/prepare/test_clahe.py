"""CLAHE against scikit-image."""

import sys

import numpy as np
import pytest

from medjax.data import parse_preparation
from medjax.data.prepare.clahe import Clahe
from medjax.errors import UserError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (24, 18, 1), np.uint8)
RGB = RNG.integers(0, 256, (24, 18, 3), np.uint8)
CT = RNG.integers(-1000, 2000, (24, 18, 1)).astype(np.int16)


@pytest.mark.parametrize("image", [GREY, RGB, GREY / np.float32(255)], ids=str)
def test_clahe_is_scikit_images(image):
    exposure = pytest.importorskip("skimage.exposure", reason="needs medjax[clahe]")
    seen = Clahe(0.03)(image)
    assert seen.dtype == np.float32 and seen.shape == image.shape
    theirs = exposure.equalize_adapthist(image.squeeze(), clip_limit=0.03)
    # The library converts uint8 to float64, whose grey levels it counts.
    np.testing.assert_allclose(seen.squeeze(), theirs, atol=0.02)
    assert seen.min() >= 0 and seen.max() <= 1
    flat = np.full((16, 16, 1), 51, np.uint8)
    np.testing.assert_allclose(Clahe()(flat), 0.2)
    with pytest.raises(UserError, match="neither uint8 nor in 0–1; put window"):
        Clahe()(CT)


def test_clahe_without_scikit_image_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    preparation = parse_preparation("clahe")  # parsing needs no scikit-image
    with pytest.raises(UserError, match=r"clahe needs scikit-image: pip install -e '\.\[clahe\]'"):
        preparation.apply(GREY[None])
