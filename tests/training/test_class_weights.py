"""Class-balancing weights against values computed by hand."""

import numpy as np

from medjax.training.class_weights import class_weights


def test_every_class_has_the_same_total_weight():
    weights = class_weights(np.array([0, 0, 0, 1]), 3)  # the third class has no image
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])


def test_an_image_counts_for_each_of_its_groups():
    rows = np.array([[1, 1], [1, 0], [0, 0], [0, 0]])  # groups of two, one and two images
    weights = class_weights(rows, 2)
    np.testing.assert_allclose(weights, np.array([1.5, 0.5, 0.5, 0.5]) / 0.75)


def test_images_of_no_group_are_one_more_group():
    rows = np.array([[1, 1], [-1, 0], [0, -1], [0, 0]])  # groups of one each, and two of none
    weights = class_weights(rows, 2)
    np.testing.assert_allclose(weights, np.array([2, 0.5, 0.5, 1]))
