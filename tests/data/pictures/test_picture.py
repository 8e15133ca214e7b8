"""From values of any depth and shape to bytes of one size."""

import numpy as np
import pytest
from PIL import Image

from medjax.data import Picture, parse_preparation, prepare_picture
from medjax.errors import UserError

RNG = np.random.default_rng(0)


def to_bytes(picture, *, size, channels, fit="pad"):
    colours = "grayscale" if channels == 1 else "rgb"
    return prepare_picture(parse_preparation(f"{colours}|resize({size}, {fit})"), picture)


@pytest.mark.parametrize("shape", [(9, 9), (9, 9, 3)])
def test_bytes_of_the_right_size_stay_as_they_are(shape):
    pixels = RNG.integers(0, 256, shape, np.uint8)
    got = to_bytes(Picture(pixels, 0, 255), size=9, channels=len(shape) * 2 - 3)
    np.testing.assert_array_equal(got, pixels.reshape(9, 9, -1))


def test_values_go_from_black_to_white_and_are_clipped():
    pixels = np.array([[-1000, -100], [150, 401]], np.int16)
    got = to_bytes(Picture(pixels, -100, 400), size=2, channels=1)
    assert got[..., 0].tolist() == [[0, 0], [128, 255]]
    threshold = to_bytes(Picture(pixels, 150, 150), size=2, channels=1)
    assert threshold[..., 0].tolist() == [[0, 0], [0, 255]]


def test_grey_is_repeated_and_colour_is_weighed():
    grey = RNG.integers(0, 256, (4, 4), np.uint8)
    rgb = to_bytes(Picture(grey, 0, 255), size=4, channels=3)
    np.testing.assert_array_equal(rgb, np.repeat(grey[..., None], 3, axis=2))
    colour = RNG.integers(0, 256, (4, 4, 3), np.uint8)
    got = to_bytes(Picture(colour, 0, 255), size=4, channels=1)[..., 0]
    expected = np.asarray(Image.fromarray(colour).convert("L"))
    assert np.abs(got.astype(int) - expected).max() <= 1  # Pillow weighs in whole numbers


def test_the_aspect_is_kept_unless_told_otherwise():
    wide = Picture(np.full((4, 8), 7, np.uint16), 0, 7)
    wide.pixels[0, 0] = 0
    assert to_bytes(wide, size=8, channels=1)[:, 4, 0].tolist() == [0, 0, *[255] * 4, 0, 0]
    assert (to_bytes(wide, size=8, channels=1, fit="stretch")[:, 4] == 255).all()
    line = Picture(np.ones((1, 500)), 0, 1)
    line.pixels[0, 0] = 0
    assert to_bytes(line, size=5, channels=1)[..., 0].argmax(0).tolist() == [2] * 5
    with pytest.raises(UserError, match=r"keep_aspect of resize 'padd'.*: pad, crop, stretch"):
        to_bytes(wide, size=8, channels=1, fit="padd")
    with pytest.raises(UserError, match="resize needs a size of at least 1, got 0"):
        to_bytes(wide, size=0, channels=1)


@pytest.mark.parametrize(
    ("background", "inverted", "margin"),
    [(0, False, 0), (30, False, 30), (250, False, 90), (250, True, 5), (0, True, 165)],
)
def test_margins_have_the_darkest_value_as_shown(background, inverted, margin):
    pixels = np.full((4, 8), background, np.uint8)
    pixels[1:3, 2:6] = 90  # what the picture shows
    wide = Picture(pixels, 0, 255, inverted=inverted)
    shown = to_bytes(wide, size=8, channels=1)[..., 0]
    assert (shown[:2] == margin).all() and (shown[6:] == margin).all()
    assert shown[2:6].min() == margin


def test_resizing_is_antialiased_and_at_full_depth():
    stripes = np.tile(np.array([0, 1], np.uint16), (64, 32))  # one step in 65535
    got = to_bytes(Picture(stripes, 0, 1), size=8, channels=1)
    assert set(np.unique(got[:, 1:-1])) <= {127, 128}
    assert np.abs(got.astype(int) - 127).max() < 16  # beyond the border there is nothing
    eight = RNG.integers(0, 256, (40, 30), np.uint8)
    expected = Image.fromarray(eight).resize((8, 8), Image.Resampling.BICUBIC)
    got = to_bytes(Picture(eight, 0, 255), size=8, channels=1, fit="stretch")[..., 0]
    assert np.abs(got.astype(int) - np.asarray(expected)).max() <= 1


@pytest.mark.parametrize(
    "aspect, shape", [(2.0, (8, 8)), (0.5, (4, 16)), (1.2, (5, 8)), (1, (4, 8))]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_become_square_as_they_are_shown(aspect, shape, dtype):
    pixels = np.repeat(np.array([[10], [20], [30], [40]], dtype), 8, axis=1)
    white, padding = np.iinfo(dtype).max, np.zeros((4, 8), bool)
    padding[0] = True
    picture = Picture(pixels, 0, white, aspect=aspect, padding=padding)
    shown = picture.shown()
    assert shown.shape == shape and shown.min() == 0 and picture.raw().shape == (4, 8, 1)
    assert (np.diff(shown.astype(float), axis=0) >= 0).all()
    colour = Picture(np.repeat(pixels[..., None], 3, axis=2), 0, white, aspect=aspect)
    assert colour.shown().shape == (*shape, 3)
