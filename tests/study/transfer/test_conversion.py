"""Images in the shape of another set: padded, grey or coloured, with their own moments."""

import dataclasses

import numpy as np
import pytest

from medjax import data
from medjax.data.dataset import make_dataset
from medjax.errors import UserError
from medjax.study.transfer.conversion import in_shape_of


def made(*shape):
    rng = np.random.default_rng(0)
    split = data.Split(rng.integers(0, 256, (4, *shape)).astype(np.uint8), np.arange(4) % 2)
    info = data.DatasetInfo("x", "binary-class", ("a", "b"), "unknown", "x", "", None, "")
    return make_dataset(info, {"train": split, "test": split})


def test_equal_shapes_stay_as_they_are():
    dataset = made(6, 6, 1)
    assert in_shape_of(dataset, made(6, 6, 1)) is dataset


@pytest.mark.parametrize(("before", "after"), [((6, 6, 1), (6, 6, 3)), ((5, 7, 3), (6, 6, 1))])
def test_shapes_and_moments_become_those_of_converted_images(before, after):
    found = in_shape_of(made(*before), made(*after))
    assert found.train.images.shape == found.test.images.shape == (4, *after)
    assert found.train.images.dtype == np.uint8
    for ours, theirs in zip(
        (found.mean, found.std), data.channel_stats(found.train.images), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_grey_becomes_three_equal_channels():
    dataset = made(6, 6, 1)
    images = in_shape_of(dataset, made(6, 6, 3)).train.images
    np.testing.assert_array_equal(images, np.repeat(dataset.train.images, 3, axis=-1))


def test_given_moments_stay_for_as_many_channels():
    steps = data.parse_preparation("normalize(fixed, mean=0.5, std=0.25)")
    fixed = dataclasses.replace(made(8, 8, 1), preparation=steps, mean=np.float32([0.5]))
    assert in_shape_of(fixed, made(6, 6, 1)).mean == np.float32([0.5])
    assert in_shape_of(fixed, made(6, 6, 3)).mean.shape == (3,)


def test_images_are_resized_to_squares_only():
    with pytest.raises(UserError, match="x is 6×6 and x is 5×7: images are resized to squares"):
        in_shape_of(made(6, 6, 1), made(5, 7, 1))
