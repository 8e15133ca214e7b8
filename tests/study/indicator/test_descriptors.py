"""Descriptors: TwoNN on clouds of known dimension, and class sizes."""

import math

import numpy as np
import pytest

from medjax.study.indicator.descriptors import descriptors, intrinsic_dimension


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_the_dimension_of_a_cloud_is_found_in_any_space(dimension):
    rng = np.random.default_rng(0)
    cloud = rng.uniform(size=(1500, dimension)) @ rng.normal(size=(dimension, 40))
    assert intrinsic_dimension(cloud) == pytest.approx(dimension, rel=0.15)


def test_it_is_the_estimate_of_greatest_likelihood():
    points = np.array([[0.0], [1.0], [3.0]])  # μ is 3, 2 and 3/2
    assert intrinsic_dimension(points) == pytest.approx(3 / math.log(3 * 2 * 1.5))


def test_copies_count_once_and_two_points_have_no_dimension():
    points = np.random.default_rng(0).uniform(size=(50, 2))
    twice = np.concatenate([points, points])
    assert intrinsic_dimension(twice) == pytest.approx(intrinsic_dimension(points))
    assert math.isnan(intrinsic_dimension(points[[0, 0, 1]]))


def test_class_sizes():
    found = descriptors(np.array([2, 0, 0, 0, 0, 2]), num_classes=3)
    assert found == {"classes": 2.0, "smallest": 2.0, "imbalance": 2.0}
    rows = np.array([[1, 1], [0, 1], [0, 0], [0, 1]])
    assert descriptors(rows, num_classes=2) == {"classes": 3.0, "smallest": 1.0, "imbalance": 3.0}
