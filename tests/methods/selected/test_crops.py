"""Crops against numpy, and the choice of crops by a loss that is made up."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax.methods.selected import crops

KEY = jax.random.key(0)


def oracle(image, side, row, column):
    """Bilinear values at the centres of the pixels of a box, in float64."""
    h, w, _ = image.shape

    def weights(count, place):
        centres = place * (1 - side) * count + (np.arange(count) + 0.5) * side - 0.5
        near = np.clip(1 - np.abs(centres[:, None] - np.arange(count)[None]), 0, None)
        return near / near.sum(1, keepdims=True)

    return np.einsum("ai,bj,ijc->abc", weights(h, row), weights(w, column), image)


@pytest.mark.parametrize("shape", [(8, 8, 1), (6, 9, 3)])
@pytest.mark.parametrize("box", [(1.0, 0.3, 0.7), (0.5, 0.0, 1.0), (0.37, 0.6, 0.25)])
def test_a_crop_is_bilinear(x64, shape, box):
    image = np.random.default_rng(0).normal(size=shape)
    found = crops.crop(jnp.asarray(image)[None], jnp.asarray([box]))[0]
    np.testing.assert_allclose(found, oracle(image, *box), rtol=1e-9, atol=1e-12)
    if box[0] == 1:
        np.testing.assert_allclose(found, image, rtol=1e-12)


def test_boxes_are_those_of_a_row_whatever_the_others_are():
    rows = jnp.array([3, 0, 7], jnp.int32)
    boxes = crops.random_boxes(KEY, rows, num_crops=4)
    alone = crops.random_boxes(KEY, rows[2:], num_crops=4)
    np.testing.assert_array_equal(boxes[2:], alone)
    fewer = len(set(map(tuple, np.asarray(boxes).reshape(-1, 3).tolist())))
    assert fewer == 12


def test_areas_are_uniform_and_boxes_are_inside():
    boxes = np.asarray(crops.random_boxes(KEY, jnp.arange(2000, dtype=jnp.int32), num_crops=5))
    areas = boxes[..., 0] ** 2
    assert areas.min() >= 0.08 and areas.max() <= 1
    assert abs(areas.mean() - 0.54) < 0.01 and abs(areas.std() - 0.92 / np.sqrt(12)) < 0.01
    assert boxes[..., 1:].min() >= 0 and boxes[..., 1:].max() <= 1


def darkest(seen):
    """A loss that is the mean of a crop."""
    return np.asarray(seen).mean((1, 2, 3))


@pytest.mark.parametrize("count", [1, 3, 5])
@pytest.mark.parametrize("piece", [2, 64])
def test_the_best_crop_of_each_image_and_then_the_best_images(make_real, monkeypatch, count, piece):
    monkeypatch.setattr(crops, "_IMAGES_PER_PIECE", piece)
    real, rows = make_real((6, 9)), np.array([4, 1, 0, 5, 2])
    found = crops.best_crops(
        KEY, real, jnp.asarray(rows, jnp.int32), count=count, num_crops=3, loss=darkest
    )
    pixels = np.asarray(real.images, np.float64) / 255
    images = (pixels - np.asarray(real.mean, np.float64)) / np.asarray(real.std, np.float64)
    boxes = np.asarray(crops.random_boxes(KEY, jnp.asarray(rows, jnp.int32), num_crops=3))
    pairs = zip(images[rows], boxes, strict=True)
    losses = np.array([[oracle(image, *box).mean() for box in own] for image, own in pairs])
    order = np.argsort(losses.min(1))[:count]
    assert found[0].tolist() == rows[order].tolist()
    np.testing.assert_array_equal(found[1], boxes[order, losses[order].argmin(1)])


def test_a_loss_that_is_no_number_is_the_worst(make_real):
    real, rows = make_real((6, 9)), jnp.arange(6, dtype=jnp.int32)
    losses = np.full((6, 2), np.nan)
    losses[4, 1], losses[2, 0] = 3.0, 5.0
    chosen, boxes = crops.best_crops(
        KEY, real, rows, count=2, num_crops=2, loss=lambda seen: losses.ravel()
    )
    assert chosen.tolist() == [4, 2]
    drawn = crops.random_boxes(KEY, rows, num_crops=2)
    np.testing.assert_array_equal(boxes, jnp.stack([drawn[4, 1], drawn[2, 0]]))
