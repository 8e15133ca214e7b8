"""PNG files written without a compressor."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from medjax.share.archive.contents.pictures import check_png
from medjax.share.bundle import png


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 5, 3), (300, 260, 1)])
def test_pillow_reads_the_pixels(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    content = png.encode(pixels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            found = np.asarray(picture)
    np.testing.assert_array_equal(found.reshape(shape), pixels)
    assert check_png(content) == shape[0] * (1 + shape[1] * shape[2])


@pytest.mark.parametrize("pixels", [np.zeros((2, 2, 1)), np.zeros((2, 2, 2), np.uint8)])
def test_other_arrays_are_refused(pixels):
    with pytest.raises(ValueError, match="needs uint8"):
        png.encode(pixels)
