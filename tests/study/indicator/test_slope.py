"""The slope of the learning curve."""

import math

import pytest

from medjax.errors import UserError
from medjax.study.indicator.slope import curve_slope, slope_ends


def test_its_ends_surround_the_images_of_the_set():
    assert [slope_ends(m) for m in (1, 2, 3, 10, 50)] == [
        (1, 3),
        (1, 6),
        (1, 9),
        (3, 30),
        (16, 150),
    ]
    assert all(low < m < high for m in range(2, 60) for low, high in [slope_ends(m)])


def test_images_that_act_like_more_gain_the_slope_times_the_logarithm():
    """The model of docs/STUDY.md: A grows with log10 of the images, and D(m) = A(λ m)."""

    def accuracy(images):
        return 0.4 + 0.12 * math.log10(images)

    low, high = slope_ends(10)
    slope = curve_slope(accuracy(low), accuracy(high), images=(low, high))
    gain = 100 * (accuracy(2.5 * 10) - accuracy(10))
    assert gain == pytest.approx(slope * math.log10(2.5))


@pytest.mark.parametrize("images", [(6, 6), (0, 3), (6, 3)])
def test_a_subset_that_is_not_larger_has_no_slope(images):
    with pytest.raises(UserError, match="has no slope between"):
        curve_slope(0.5, 0.6, images=images)
