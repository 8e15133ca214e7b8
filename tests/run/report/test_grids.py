import os

import numpy as np
import pytest
from PIL import Image

from medjax.data import to_uint8
from medjax.errors import UserError
from medjax.run.report import image_grid, save_png
from medjax.run.report.grids import png_bytes


def flat(values, side=64, channels=1):
    """Images of one value each, big enough not to be enlarged."""
    return np.ones((len(values), side, side, channels)) * np.array(values)[:, None, None, None]


def cell(grid, row, column, side=64):
    """The picture in a cell, which must be of one value."""
    top, left = 2 + row * (side + 2), 2 + column * (side + 2)
    tile = grid[top : top + side, left : left + side].reshape(side * side, -1)
    assert (tile == tile[0]).all()
    return tile[0].tolist()


def test_to_uint8():
    values = np.array([-1.0, 0.0, 0.5 / 255 + 1e-9, 1.0, 9.0, np.nan, np.inf, -np.inf])
    assert to_uint8(values).tolist() == [0, 0, 1, 255, 255, 0, 255, 0]


def test_a_row_a_class_with_unequal_numbers():
    grid = image_grid(flat([0.2, 0.8, 0.4, -3.0]), np.array([0, 4, 0, 4])[[0, 1, 2, 1]])
    assert grid.shape == (2 + 2 * 66, 2 + 2 * 66)
    assert [cell(grid, 0, 0), cell(grid, 0, 1)] == [[51], [102]]
    assert [cell(grid, 1, 0), cell(grid, 1, 1)] == [[204], [0]]
    grid = image_grid(flat([0.2, 0.4, 0.6]), np.array([0, 0, 1]))
    assert cell(grid, 1, 0) == [153] and cell(grid, 1, 1) == [255]  # empty cells are paper


def test_the_gap_is_paper():
    grid = image_grid(flat([0.0] * 4), np.array([0, 0, 1, 1]))
    assert (grid[:2] == 255).all() and (grid[:, 66:68] == 255).all() and (grid[-2:] == 255).all()


def test_rgb():
    images = flat([0.0, 1.0], channels=3) * np.array([1.0, 0.5, 0.0])
    grid = image_grid(images, np.array([0, 0]))
    assert grid.shape == (68, 134, 3) and grid.dtype == np.uint8
    assert cell(grid, 0, 1) == [255, 128, 0]


def test_columns_wrap_a_class():
    grid = image_grid(flat([0.2, 0.4, 0.6, 0.8]), np.array([0, 0, 0, 1]), columns=2)
    assert grid.shape == (2 + 3 * 66, 2 + 2 * 66)
    assert [cell(grid, 1, 0), cell(grid, 2, 0)] == [[153], [204]]


def test_rows_of_labels_keep_their_order():
    grid = image_grid(flat([0.2, 0.4, 0.6]), np.array([[1, 1], [0, 0], [1, 0]]))
    assert [cell(grid, 0, i) for i in range(3)] == [[51], [102], [153]]
    many = image_grid(flat([0.2] * 23), np.zeros((23, 2), int))
    assert many.shape == (2 + 3 * 66, 2 + 10 * 66)


def test_small_images_are_enlarged_by_whole_pixels():
    images = np.random.default_rng(0).random((1, 28, 20, 1))
    grid = image_grid(images, np.array([0]))
    assert grid.shape == (4 + 84, 4 + 60)
    np.testing.assert_array_equal(grid[2:-2:3, 2:-2:3], to_uint8(images)[0, ..., 0])
    np.testing.assert_array_equal(grid[3:-2:3, 4:-2:3], to_uint8(images)[0, ..., 0])


@pytest.mark.parametrize("shape", [(80, 90), (80, 90, 1), (80, 90, 3)])
def test_save_png(tmp_path, shape):
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    save_png(tmp_path / "images" / "a.png", array)
    assert os.listdir(tmp_path / "images") == ["a.png"]
    with Image.open(tmp_path / "images" / "a.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), array.squeeze())


def test_save_png_enlarges_small_pictures(tmp_path):
    array = np.array([[0, 255]], np.uint8)
    save_png(tmp_path / "a.png", array)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (64, 32)
        assert np.asarray(picture)[:, 31].max() == 0 and np.asarray(picture)[:, 32].min() == 255


def test_same_picture_same_bytes():
    array = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert png_bytes(array) == png_bytes(array[..., None])


def test_unwritable(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        save_png(tmp_path / "file" / "a.png", np.zeros((2, 2), np.uint8))
