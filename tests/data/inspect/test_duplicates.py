"""Planted copies are found; other similar images are not."""

import numpy as np
import pytest
from PIL import Image

from medjax.data import Place, near_pairs
from medjax.data.inspect.duplicates import digests, equal_groups

RNG = np.random.default_rng(0)


def picture(seed, side=40):
    """Returns a smooth random image."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def exact_groups(splits):
    return equal_groups({split: digests(images) for split, images in splits.items()})


def test_exact_copies_within_and_across():
    a, b, c = (picture(seed) for seed in range(3))
    splits = {"train": [a, b, a], "val": [c], "test": [b, a, picture(9)]}
    assert exact_groups(splits) == [
        [Place("train", 0), Place("train", 2), Place("test", 1)],
        [Place("train", 1), Place("test", 0)],
    ]
    assert exact_groups({"train": [a], "test": [c]}) == []


def test_a_copy_has_the_same_shape_dtype_and_pixels():
    image = np.zeros((4, 6), np.uint8)
    changed = image.copy()
    changed[3, 5] = 1
    others = [image.reshape(6, 4), image.astype(np.int8), changed, image[:, ::-1][:, :5]]
    assert exact_groups({"train": [image], "test": others}) == []
    strided = np.zeros((8, 12), np.uint8)[::2, ::2]
    assert len(exact_groups({"train": [image], "test": [strided]})) == 1


@pytest.mark.parametrize("colour", [False, True])
def test_near_copies_are_found_and_nothing_else(colour):
    images = [picture(seed) for seed in range(30)]
    images = [np.stack([x] * 3, -1) if colour else x for x in images]
    noisy = np.clip(images[3] + RNG.normal(0, 2, images[3].shape), 0, 255).astype(np.uint8)
    smaller = np.asarray(Image.fromarray(images[4]).resize((32, 32), Image.Resampling.BICUBIC))
    darker = (images[5] * 0.8).astype(np.uint8)
    splits = {"train": images, "test": [noisy, smaller, darker, images[6]]}
    found = near_pairs(splits, distance=24)
    assert {(pair.one, pair.other) for pair in found} == {
        (Place("train", 3), Place("test", 0)),
        (Place("train", 4), Place("test", 1)),
        (Place("train", 5), Place("test", 2)),
    }  # and not train 6 with test 3, which are exactly the same
    assert [pair.distance for pair in found] == sorted(pair.distance for pair in found)
    assert near_pairs(splits, distance=found[0].distance)[0] == found[0]
    farthest = found[-1].distance
    assert len(near_pairs(splits, distance=farthest - 1)) < len(found)


def test_pairs_are_found_across_chunks():
    images = [RNG.integers(0, 256, (8, 8), np.uint8) for _ in range(600)]
    again = [images[2] // 2, images[599] // 2]
    found = near_pairs({"train": images, "val": again}, distance=10)
    assert {(p.one.row, p.other) for p in found} == {(2, Place("val", 0)), (599, Place("val", 1))}
    assert near_pairs({"train": []}, distance=3) == []
