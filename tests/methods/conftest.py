"""Images of each class, as methods see them."""

import flax.linen as nn
import jax
import jax.numpy as jnp
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


class Tanh(nn.Module):
    """A network that numpy can differentiate: tanh features and a linear head, in float64."""

    num_classes: int = 2

    def setup(self):
        self.hidden = nn.Dense(4, dtype=float, param_dtype=float)
        self.head = nn.Dense(self.num_classes, dtype=float, param_dtype=float)

    def embed(self, images):
        return jnp.tanh(self.hidden(images.reshape(len(images), -1)))

    def __call__(self, images):
        return self.head(self.embed(images))


@pytest.fixture(scope="session")
def tanh_net():
    """``tanh(x W + b)`` of flat images, four features, and a linear head of two classes."""
    return Tanh()
