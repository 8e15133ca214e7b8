"""Images of each class, as methods see them."""

import jax
import numpy as np
import pytest


@pytest.fixture(scope="session")
def real_by_class():
    """``real_by_class(real)`` lists each class's images, normalised, all of them."""

    def split(real):
        pixels = np.asarray(real.images, np.float32) / 255
        images = (pixels - np.asarray(real.mean)) / np.asarray(real.std)
        labels = np.asarray(real.labels)
        return [jax.numpy.asarray(images[labels == c]) for c in range(len(real.counts))]

    return split
