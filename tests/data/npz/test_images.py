"""Arrays of images: their axes, and values that become bytes, or one line."""

import pathlib

import numpy as np
import pytest

from medjax.data.npz import images as npz_images
from medjax.data.npz.images import Axes, arrange, axes_of, is_grey, to_bytes
from medjax.errors import UserError

FIRST, ALPHA = "channels first", "an alpha"
BYTES = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


@pytest.fixture(autouse=True)
def in_parts(monkeypatch):
    monkeypatch.setattr(npz_images, "_PIXELS_AT_ONCE", 300)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((5, 28, 28), Axes()),
        ((5, 3, 3), Axes()),
        ((5, 28, 28, 1), Axes()),
        ((5, 28, 20, 3), Axes()),
        ((5, 4, 4, 3), Axes()),
        ((5, 2, 9, 1), Axes()),
        ((5, 1, 900, 1), Axes()),
        ((5, 1, 28, 28), Axes(first=True)),
        ((5, 3, 28, 20), Axes(first=True)),
        ((5, 3, 2, 9), Axes(first=True)),
        ((5, 28, 28, 4), Axes(alpha=True)),
        ((5, 28, 28, 2), Axes(alpha=True)),
        ((5, 4, 28, 28), Axes(first=True, alpha=True)),
    ],
)
def test_shapes_that_mean_one_thing(shape, axes):
    assert axes_of("images", shape) == axes


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5, 784), "needs (n, h, w), (n, h, w, 1) or (n, h, w, 3)"),
        ((5, 3, 28, 3), "in which the first or last may be channels"),
        ((5, 1, 28, 3), "in which the first or last may be channels"),
        ((5, 3, 4, 4), "in which the first or last may be channels"),
        ((5, 4, 4, 4), "in which the first or last may be channels"),
        ((5, 16, 28, 28), "as volumes have"),
        ((5, 28, 28, 6), "as volumes have"),
        ((5, 28, 28, 28, 1), "as volumes have"),
        ((5, 1, 28, 28, 28), "give slices, as in images[:, images.shape[1] // 2]"),
        ((), "has shape ()"),
    ],
)
def test_shapes_that_do_not(shape, message):
    with pytest.raises(UserError) as caught:
        axes_of("images", shape)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_that_are_first(channels):
    last = np.random.default_rng(0).integers(0, 255, (2, 8, 9, channels), np.uint8)
    images, (note,) = arrange("images", last.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(images, last)
    assert FIRST in note and images.flags.c_contiguous
    assert arrange("images", last)[1] == []


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(("channels", "value"), [(4, 255), (2, 255), (4, 1.0), (4, 0)])
def test_an_alpha_that_is_the_same_everywhere(first, channels, value):
    colours = np.random.default_rng(0).integers(0, 255, (2, 8, 9, channels - 1), np.uint8)
    full = np.full((2, 8, 9, 1), value)
    whole = np.concatenate([colours, full], -1)
    images, notes = arrange("images", np.moveaxis(whole, -1, 1) if first else whole)
    np.testing.assert_array_equal(images, colours)
    assert len(notes) == 1 + first and ALPHA in notes[-1]


def test_four_channels_that_are_no_colours_with_an_alpha():
    modalities = np.random.default_rng(0).integers(0, 255, (2, 8, 9, 4), np.uint8)
    for images in (modalities, np.moveaxis(modalities, -1, 1)):
        with pytest.raises(UserError, match="images has 4 channels, the last of which varies"):
            arrange("images", images)


def test_no_images():
    with pytest.raises(UserError, match=r"images is empty \(shape \(0, 4, 4\)\)"):
        arrange("images", np.zeros((0, 4, 4)))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", ">f8", np.longdouble])
def test_floats_from_black_to_white(dtype):
    arrays = {
        "train_images": (BYTES / 255).astype(dtype),
        "test_images": np.zeros((1, 2, 2, 1), "f"),
    }
    read, (note,) = to_bytes(pathlib.Path("a.npz"), arrays)
    np.testing.assert_array_equal(read["train_images"], BYTES)
    assert read["train_images"].dtype == np.uint8 and "in 0–1, and are read as 0–255" in note


def test_floats_that_rounding_carried_past_white():
    images = np.array([-1e-7, 0.5, 1 + 1e-3], np.float32).reshape(1, 1, 3, 1)
    read, _ = to_bytes(pathlib.Path("a.npz"), {"train_images": images})
    assert read["train_images"].ravel().tolist() == [0, 128, 255]


@pytest.mark.parametrize("dtype", ["i2", "u2", ">u2", "i4", "i8", "u8", "f4", "f8"])
def test_whole_numbers_that_are_bytes(dtype):
    read, (note,) = to_bytes(pathlib.Path("a.npz"), {"train_images": BYTES.astype(dtype)})
    np.testing.assert_array_equal(read["train_images"], BYTES)
    assert note == f"its images are {np.dtype(dtype).name}, and are read as uint8, 0–255"


def test_masks_are_black_and_white():
    read, _ = to_bytes(pathlib.Path("a.npz"), {"train_images": BYTES > 9})
    np.testing.assert_array_equal(read["train_images"], 255 * (BYTES > 9))


def test_bytes_stay_as_they_are():
    images = {"train_images": BYTES, "test_images": BYTES[:, :2] // 255}
    read, notes = to_bytes(pathlib.Path("a.npz"), images)
    assert read == images and not notes


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (BYTES / np.float32(127.5) - 1, "float32 from -1 to 1; needs uint8, 0–255, or floats in 0"),
        (BYTES.astype(np.int16) * 8 - 1000, "int16 from -1000 to 1040;"),
        (BYTES.astype(np.int16) * 8 - 1000, "as in window(center=20, width=2040) for"),
        (BYTES.astype(np.uint16) * 257, "uint16 from 0 to 65535;"),
        (BYTES.astype(np.float64) + 0.25, "float64 from 0.25 to 255.25"),
        (BYTES / 170, "float64 from 0 to 1.5;"),
        (BYTES * 0.5, "float64 from 0 to 127.5;"),
        (BYTES * 60000.0 - 1, "data.prepare"),
        (np.full((1, 2, 2, 1), 300), "window(center=300, width=1)"),
        (BYTES.astype(complex), "is complex128; needs uint8, 0–255"),
        (BYTES.astype(str), "is <U3; needs uint8, 0–255"),
    ],
)
def test_what_cannot_mean_one_thing(images, message):
    with pytest.raises(UserError) as caught:
        to_bytes(pathlib.Path("a.npz"), {"train_images": images})
    said = str(caught.value)
    assert said.startswith("a.npz: train_images is ") and message in said and "\n" not in said


def test_one_range_for_all_splits():
    arrays = {"train_images": BYTES / 255, "test_images": BYTES.astype(float)}
    read, _ = to_bytes(pathlib.Path("a.npz"), {"train_images": arrays["test_images"]})
    np.testing.assert_array_equal(read["train_images"], BYTES)
    with pytest.raises(UserError, match="test_images is float64 from 0 to 255; needs"):
        to_bytes(pathlib.Path("a.npz"), arrays)
    with pytest.raises(
        UserError, match="test_images is float64; needs uint8, 0–255, as train_images"
    ):
        to_bytes(pathlib.Path("a.npz"), arrays | {"train_images": BYTES})


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_values_that_are_not_numbers(dtype):
    images = np.full((2, 30, 30, 1), 60000, dtype)
    images[0, 0, :2, 0] = np.nan, np.inf
    with pytest.raises(UserError, match="holds 2 NaN or infinite pixels"):
        to_bytes(pathlib.Path("a.npz"), {"train_images": images})


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
def test_colours(dtype):
    grey = np.random.default_rng(0).integers(10, 240, (20, 8, 8, 1)).astype(dtype).repeat(3, -1)
    assert is_grey(grey) and not is_grey(grey[..., :1])
    colour = grey.copy()
    colour[15, 3, 3] = 40, 20, 10
    assert not is_grey(colour)
    nearly = grey + np.array([0, 3, -3]).astype(dtype)
    assert is_grey(nearly) == (dtype == np.uint8)
    far = np.array([-32768, 32767, 0], np.int16).reshape(1, 1, 1, 3)
    assert not is_grey(far)
