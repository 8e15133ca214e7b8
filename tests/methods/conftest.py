"""A problem small enough to compile and run methods on: stripes on 8×8 pixels."""

import jax
import numpy as np
import pytest

from medjax import data, nets


def stripes(sizes):
    """Classes told apart by the direction of their stripes, which instance norm leaves in."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((8, 8)) // 2 % 2
    patterns = np.stack([rows, columns, rows ^ columns])
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int32)
    pixels = 60 + 100 * patterns[labels] + rng.integers(0, 60, (len(labels), 8, 8))
    return data.Split(pixels.astype(np.uint8)[..., None], labels)


@pytest.fixture(scope="session")
def make_real():
    """``make_real((6, 14))`` is a training set on the device, with 6 and 14 images a class."""

    def make(sizes):
        stats = {"mean": np.full(1, 0.55, np.float32), "std": np.full(1, 0.2, np.float32)}
        return data.real_data(stripes(sizes), num_classes=len(sizes), **stats)

    return make


@pytest.fixture(scope="session")
def make_net():
    """``make_net(3, depth=2)`` is a ConvNet with three classes and hardly a parameter."""
    return lambda num_classes, depth: nets.make(
        "convnet", num_classes=num_classes, width=4, depth=depth
    )


@pytest.fixture(scope="session")
def real_by_class():
    """``real_by_class(real)`` lists each class's images, normalised, all of them."""

    def split(real):
        pixels = np.asarray(real.images, np.float32) / 255
        images = (pixels - np.asarray(real.mean)) / np.asarray(real.std)
        labels = np.asarray(real.labels)
        return [jax.numpy.asarray(images[labels == c]) for c in range(len(real.counts))]

    return split
