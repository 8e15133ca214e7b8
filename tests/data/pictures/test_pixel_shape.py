"""Measures of pixels, and what is made of them."""

import math

import pytest

from medjax.data.pictures.pixel_shape import MOST_PIXELS, TOO_LONG, TOO_MANY, PixelShape, of_sides


@pytest.mark.parametrize(
    ("height", "width", "aspect"),
    [(3, 0.5, 6), (0.5, 3, 1 / 6), (1, 1, 1), (1.009, 1, 1), (1.02, 1, 1.02), (64, 1, 64)],
)
def test_the_aspect_is_height_over_width(height, width, aspect):
    assert of_sides(height, width, pixels=64) == PixelShape(pytest.approx(aspect))


@pytest.mark.parametrize("side", [0.0, -1.0, math.nan, math.inf])
def test_measures_that_mean_nothing_change_nothing(side):
    assert of_sides(side, 1, pixels=64) == of_sides(1, side, pixels=64) == PixelShape()


def test_what_is_not_stretched_is_said():
    assert of_sides(1, 64.1, pixels=64) == PixelShape(1.0, (TOO_LONG,))
    assert of_sides(2, 1, pixels=MOST_PIXELS // 2) == PixelShape(2.0)
    assert of_sides(2, 1, pixels=MOST_PIXELS // 2 + 1) == PixelShape(1.0, (TOO_MANY,))
