"""What counts as a colour is one definition, which pictures, facts and archives share."""

import numpy as np
import pytest

from medjax.data.inspect.acquisition import FACTS, measure_pictures
from medjax.data.npz.images import is_grey
from medjax.data.pictures.colour_depth import has_colours
from medjax.data.pictures.picture import Picture
from medjax.data.prepare.colours import CHROMA, NEARLY_GREY, is_coloured, spread


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_spread_is_the_range_of_the_channels(dtype):
    pixels = (np.random.default_rng(0).random((5, 7, 6, 3)) * 200).astype(dtype)
    assert np.array_equal(spread(pixels), pixels.max(-1) - pixels.min(-1))
    assert spread(pixels).dtype == dtype and not spread(pixels[..., :1]).any()


@pytest.mark.parametrize(("pixels", "coloured"), [(1, False), (2, True)])
def test_more_than_one_pixel_of_100000_makes_a_colour(pixels, coloured):
    spreads = np.zeros((400, 250), np.uint8)
    spreads.flat[:pixels] = 25
    assert is_coloured(spreads, white=255) == coloured
    assert not is_coloured(spreads, white=4 * 255)


@pytest.mark.parametrize("apart", [0, NEARLY_GREY, NEARLY_GREY + 1, 24, 25, 60])
def test_the_three_users_agree(apart):
    image = np.full((16, 16, 3), 100, np.uint8)
    image[3, 4, 1] += apart
    (facts,) = measure_pictures(image[None])
    coloured = apart > 255 * CHROMA
    assert has_colours(Picture(image, 0, 255)) == coloured
    assert facts[FACTS.index("coloured")] == coloured
    assert is_grey(image[None]) == (apart <= NEARLY_GREY)
