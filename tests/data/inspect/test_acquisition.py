"""How a picture was made is measured, and content is not taken for it."""

import io

import numpy as np
import pytest
from PIL import Image

from medjax.data.inspect.acquisition import FACTS, measure_picture, measure_pictures


def textured(height, width, *, low=40, high=220, seed=0):
    """Returns a smooth picture that fills its rectangle."""
    coarse = np.random.default_rng(seed).integers(low, high, (6, 6), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR))


def fact(image, name):
    return float(measure_picture(np.asarray(image))[FACTS.index(name)])


def test_size_and_greys():
    image = textured(30, 20)
    found = dict(zip(FACTS, measure_picture(image).tolist(), strict=True))
    ring = [image[0], image[-1], image[:, 0], image[:, -1]]
    assert (found["height"], found["width"], found["padding"], found["blank"]) == (30, 20, 0, 0)
    assert found["mean"] == pytest.approx(image.mean() / 255, abs=1e-6)
    assert found["border"] == pytest.approx(np.concatenate(ring).mean() / 255, abs=1e-6)
    assert found["plain"] == 0 and found["coloured"] == 0


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("depth", ["uint8", "float32"])
def test_letterboxes_are_padding(value, depth):
    image = np.full((40, 50), value, np.uint8)
    image[:, 5:45] = textured(40, 40, low=20, high=100)
    wide = np.full((50, 40), value, np.uint8)
    wide[2:42] = textured(40, 40, low=20, high=100)
    frame = np.full((50, 50), value, np.uint8)
    frame[5:45, 5:45] = textured(40, 40, low=20, high=100)
    for padded, share in ((image, 0.2), (wide, 0.2), (frame, 1 - 0.64)):
        given = padded if depth == "uint8" else (padded / 255).astype(np.float32)
        assert fact(given, "padding") == pytest.approx(share)
    assert fact(frame, "plain") == 1 and fact(frame, "border") == pytest.approx(value / 255)
    assert fact(image, "plain") == 0


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_padding_survives_jpeg_and_large_pictures(quality):
    image = np.zeros((400, 512), np.uint8)
    image[:, 64:448] = textured(400, 384)
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    assert fact(Image.open(stream), "padding") == pytest.approx(0.25, abs=0.05)


def test_a_natural_background_is_no_padding():
    rows, columns = np.indices((64, 64)) - 31.5
    disc = np.where(rows**2 + columns**2 < 24**2, textured(64, 64), 0).astype(np.uint8)
    stroke = np.zeros((28, 28), np.uint8)
    stroke[4:24, 12:16] = 255
    assert fact(disc, "padding") == fact(stroke, "padding") == 0
    assert fact(textured(28, 28), "padding") == 0


def test_colour_is_no_matter_of_channels():
    grey = np.repeat(textured(20, 20)[..., None], 3, axis=2)
    tinted = grey.copy()
    tinted[3, 4] = (250, 200, 0)
    noisy = np.clip(grey + np.random.default_rng(0).integers(-8, 9, grey.shape), 0, 255)
    assert [fact(x.astype(np.uint8), "coloured") for x in (grey, noisy, tinted)] == [0, 0, 1]


def test_blank_is_exact():
    blank = np.full((300, 300), 7, np.uint8)
    almost = blank.copy()
    almost[1, 1] = 8  # between the sampled pixels
    colour = np.full((5, 5, 3), (200, 0, 0), np.uint8)
    assert [fact(x, "blank") for x in (blank, almost, colour)] == [1, 0, 1]


def test_many_at_once_are_as_one_by_one():
    images = np.stack([textured(28, 28, seed=seed) for seed in range(5)])
    images[1, :7] = 0
    images[2] = 9
    images[3, :, 20:] = 255
    together = measure_pictures(images[..., None])
    np.testing.assert_array_equal(together, [measure_picture(image) for image in images])
    assert together[:, FACTS.index("padding")] == pytest.approx([0, 0.25, 1, 8 / 28, 0])
