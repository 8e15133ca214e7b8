"""Copies and near neighbours of real images."""

import numpy as np
import pytest

from medjax.privacy.copies import nearest as copies
from medjax.privacy.tracing.features import pixels


@pytest.fixture
def real():
    return np.random.default_rng(0).integers(0, 256, (200, 4, 4, 1), np.uint8)


def test_copies_are_counted_after_rounding(real):
    images = np.float32(real[:6]) / 255
    images[3:] += 2 / 255
    found = copies.exact_copies(images, real)
    assert (found.found, found.of, found.p_value) == (3, 6, 0.0)
    assert copies.exact_copies(images[3:], real).p_value == 1.0


def test_blank_images_are_no_copies(real):
    blank = np.zeros((2, 4, 4, 1), np.float32)
    assert copies.exact_copies(blank, np.uint8(np.concatenate([real, blank]))).found == 0


def test_nearest_is_that_of_brute_force(real, monkeypatch):
    monkeypatch.setattr(copies, "_CHUNK", 64)
    synthetic = np.random.default_rng(1).uniform(0, 255, (7, 4, 4, 1)).astype(np.float32)
    found = copies.nearest(synthetic, real, np.float32, pixels)
    distances = np.linalg.norm(
        synthetic.reshape(7, 1, -1) - np.float32(real).reshape(1, 200, -1), axis=-1
    )
    assert found.rows.tolist() == distances.argmin(axis=1).tolist()
    np.testing.assert_allclose(found.distances, distances.min(axis=1), rtol=1e-5)


@pytest.mark.parametrize(("leaks", "below"), [(True, 1e-4), (False, None)])
def test_synthetic_images_near_members_stand_out(real, leaks, below):
    inside = np.arange(200) % 2 == 0
    rng = np.random.default_rng(2)
    rows = rng.permutation(np.flatnonzero(inside) if leaks else np.arange(200))[:20]
    synthetic = np.float32(real[rows]) + rng.normal(size=(20, 4, 4, 1)).astype(np.float32)
    found = copies.nearest(synthetic, real, np.float32, pixels)
    test = copies.nearest_members(found, np.arange(200), inside, space="pixels")
    assert test.p_value < below if leaks else test.p_value > 0.05
    assert test.of == 20 and test.expected == pytest.approx(10)


def test_images_of_a_patient_count_once():
    found = copies.Nearest(np.array([0, 1, 2]), np.zeros(3))
    units, inside = np.array([4, 4, 4, 5, 6]), np.array([True, True, True, False, False])
    test = copies.nearest_members(found, units, inside, space="pixels")
    assert (test.found, test.of) == (1, 1) and test.p_value == pytest.approx(1 / 3)
