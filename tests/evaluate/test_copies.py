"""Images of a set that are also in a split."""

import numpy as np
import pytest

from medjax.data import Split
from medjax.evaluate import copy_lines


@pytest.fixture
def real():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), np.uint8)
    return {"val": Split(pixels[:3], np.zeros(3, int)), "test": Split(pixels[3:], np.zeros(3, int))}


def test_lines_count_by_split(real):
    images = np.concatenate([real["val"].images[:1], real["test"].images[[0, 0, 2]]]) / 255
    one, three = copy_lines(np.float32(images), real)
    assert one.startswith("leakage: 1 of 4 images of the set is in val too, so ")
    assert three.startswith("leakage: 3 of 4 images of the set are in test too, so ")


def test_values_are_rounded_and_clipped_to_bytes(real):
    images = real["test"].images / 255
    assert copy_lines(images + 0.4 / 255, real) != []
    assert copy_lines(images + 0.6 / 255, real) == []
    black = np.where(images < 0.5, -3.0, 3.0)
    sharp = {"test": Split(np.uint8(255 * (images >= 0.5)), real["test"].labels)}
    assert copy_lines(black, sharp) != []


def test_blank_images_are_no_copies():
    blank = np.full((2, 4, 4, 1), 255, np.uint8)
    assert copy_lines(blank / 255, {"test": Split(blank, np.zeros(2, int))}) == []
