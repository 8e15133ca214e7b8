"""Planted images: how many, which, and the bounds of ε from them."""

import numpy as np
import pytest

from medjax.data import Split
from medjax.errors import UserError
from medjax.privacy.canaries import KINDS, epsilon_bounds, plant


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


def test_bounds_of_a_known_mechanism():
    """Randomised response at ε = 2: the bound is below ε, and above 0 with enough canaries."""
    pytest.importorskip("jax_privacy")
    rng = np.random.default_rng(0)
    included = np.arange(4000) % 2 == 0
    truthful = rng.uniform(size=4000) < np.exp(2) / (1 + np.exp(2))
    found = epsilon_bounds(np.where(truthful, included, ~included).astype(float), included)
    assert 1.2 < found["epsilon_clopper_pearson"] <= 2
    assert 1.0 < found["epsilon_one_run"] <= 2.0
    nothing = epsilon_bounds(rng.normal(size=100), np.arange(100) % 2 == 0)
    assert nothing["epsilon_clopper_pearson"] == 0 and nothing["included"] == 50
