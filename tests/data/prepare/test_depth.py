"""The depth of values of 16 bits, as a step."""

import numpy as np
import pytest

from medjax.data import Picture, parse_preparation, prepare_picture
from medjax.errors import UserError

DEEP = np.array([[0, 1000, 4095, 5000]], np.uint16)


def test_values_up_to_the_depth_become_0_to_1():
    (step,) = parse_preparation("depth(12)").steps
    np.testing.assert_allclose(step(DEEP), [[0, 1000 / 4095, 1, 1]], rtol=1e-6)
    assert parse_preparation("depth(12)").apply([DEEP])[0, 0, :, 0].tolist() == [0, 62, 255, 255]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int16])
def test_other_types_stay(dtype):
    (step,) = parse_preparation("depth(bits=12)").steps
    image = np.ones((2, 2, 1), dtype)
    assert step(image) is image


def test_only_pictures_without_a_depth_of_their_own_are_scaled():
    steps = parse_preparation("depth(12)|grayscale")

    def shown(picture):
        return prepare_picture(steps, picture)[0, :, 0].tolist()

    unknown = Picture(DEEP, 0, 65535, depth_unknown=True)
    assert shown(unknown) == [0, 62, 255, 255]
    assert shown(unknown._replace(inverted=True)) == [255, 193, 0, 0]
    # A slice whose own values span 16 bits, or a DICOM file of 16 bits.
    assert shown(Picture(DEEP, 0, 65535)) == [0, 4, 16, 19]
    assert shown(Picture(DEEP, 0, 5000)) == [0, 51, 209, 255]
    assert shown(Picture(np.array([[7]], np.uint8), 0, 255)) == [7]


@pytest.mark.parametrize("bits", [0, 17])
def test_bits_that_are_none(bits):
    with pytest.raises(UserError, match=f"depth needs 1–16 bits, got {bits}"):
        parse_preparation(f"depth({bits})")
