"""Percentiles equal numpy's, no matter how few values wait to be merged."""

import numpy as np
import pytest

from medjax.data.prepare import percentiles
from medjax.errors import UserError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("at_once", [1, 40, 2**20])
def test_they_are_numpys(dtype, at_once, monkeypatch):
    monkeypatch.setattr(percentiles, "_AT_ONCE", at_once)
    images = [RNG.integers(0, 250, (h, w, 1)).astype(dtype) for h, w in ((5, 7), (9, 4), (1, 3))]
    pixels = np.concatenate([image.ravel() for image in images])
    for wanted in ((0, 100), (0.5, 99.5), (12.3, 77)):
        found = percentiles.percentiles(iter(images), wanted)
        np.testing.assert_allclose(found, np.percentile(pixels, wanted), rtol=1e-12)


def test_without_images_there_are_none():
    with pytest.raises(UserError, match="no training image has pixels to find percentiles of"):
        percentiles.percentiles([], (0, 100))
