"""What given steps decide."""

import pytest

from medjax import data
from medjax.data.prepare.given_steps import sets_black_and_white, sets_channels


@pytest.mark.parametrize(
    ("steps", "channels", "limits"),
    [
        ("", False, False),
        ("resize(8)|rgb", True, False),
        ("grayscale", True, False),
        ("window(40, 400)", False, True),
        ("percentile_clip|rgb", True, True),
        ("depth(12)", False, True),
    ],
)
def test_channels_and_black_and_white(steps, channels, limits):
    given = data.parse_preparation(steps)
    assert (sets_channels(given), sets_black_and_white(given)) == (channels, limits)
