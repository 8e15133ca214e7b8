"""Planted images: how many, which, and the bounds of ε from them."""

import numpy as np
import pytest

from medjax.data import Split
from medjax.errors import UserError
from medjax.privacy.canaries.planting import KINDS, plant


@pytest.fixture
def others():
    rng = np.random.default_rng(0)
    return Split(rng.integers(0, 256, (300, 4, 4, 1), np.uint8), np.arange(300, dtype=np.int32) % 3)


@pytest.mark.parametrize("size", [300, 1000, 5000])
def test_at_most_two_percent_are_added_and_half_are_included(others, size):
    made = plant(0, others, np.arange(300.0), size=size)
    assert 0 < len(made.added().labels) <= 0.02 * size
    for kind in range(len(KINDS)):
        chosen = made.included[made.kinds == kind]
        assert 2 * chosen.sum() == len(chosen)
    assert (
        len(made.added().labels)
        == made.included.sum()
        + 3 * (made.included & (made.kinds == KINDS.index("duplicated"))).sum()
    )


def test_each_kind_is_what_it_says(others):
    distances = np.random.default_rng(1).uniform(size=300)
    made = plant(3, others, distances, size=1000)
    pixels = others.images.reshape(300, -1)
    rows = [
        int(np.flatnonzero((pixels == image.ravel()).all(axis=1))[0]) for image in made.split.images
    ]
    assert len(set(rows)) == len(rows)
    true = others.labels[rows]
    wrong = made.kinds == KINDS.index("mislabelled")
    assert (made.split.labels[wrong] != true[wrong]).all()
    assert (made.split.labels[~wrong] == true[~wrong]).all()
    far = np.array(rows)[made.kinds == KINDS.index("rare")]
    assert set(far) == set(np.argsort(-distances)[: len(far)])


def test_too_few_images_for_canaries(others):
    with pytest.raises(UserError, match="2 % of 200 images, which is too few"):
        plant(0, others, np.arange(300.0), size=200)
