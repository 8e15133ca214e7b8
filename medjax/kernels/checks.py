"""Checks of shapes and dtypes, made while a kernel is traced."""

import chex

from medjax.types import Array


def assert_batch(images: Array, *labels: Array, weights: Array | None = None) -> None:
    """Raises an ``AssertionError`` unless float NHWC images, labels and weights fit together."""
    chex.assert_rank(images, 4)
    chex.assert_type(images, float)
    chex.assert_rank(labels, {1, 2})
    assert_rows(images, *labels, weights=weights)


def assert_rows(*arrays: Array, weights: Array | None) -> None:
    """Raises an ``AssertionError`` unless arrays and weights (``[n]``, ``[k, n]``) have n rows."""
    chex.assert_equal_shape_prefix(arrays, 1)
    if weights is not None:
        chex.assert_rank(weights, {1, 2})
        chex.assert_axis_dimension(weights, -1, arrays[0].shape[0])


def assert_features(x: Array, y: Array) -> None:
    """Raises an ``AssertionError`` unless widths and leading axes are equal."""
    chex.assert_shape([x, y], (..., None, x.shape[-1]))
    chex.assert_equal_shape_prefix([x, y], -2)
