"""What all baselines of these tests are made of."""

from typing import NamedTuple

import flax.linen as nn
import jax
import numpy as np
import pytest

from medjax import data
from medjax.evaluate import Benchmark

STATS = (np.array([0.5], np.float32), np.array([0.25], np.float32))


class Perceptron(nn.Module):
    """A network that trains quickly."""

    def setup(self):
        self.head = nn.Dense(2)

    def embed(self, images):
        return images.reshape(len(images), -1)

    def __call__(self, images):
        return self.head(self.embed(images))


class Shades(NamedTuple):
    """Dark and light images, a network that tells them apart, and the keys of its trainings."""

    keys: tuple
    net: nn.Module
    train: data.Split
    benchmark: Benchmark


def _split(n, seed):
    """Dark and light images under noise, twice as many dark ones."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 3 == 0).astype(np.int32)
    images = 90 + 70 * labels[:, None, None, None] + rng.integers(-60, 60, (n, 4, 4, 1))
    return data.Split(images.astype(np.uint8), labels)


@pytest.fixture(scope="session")
def shades():
    splits = {"val": _split(20, 1), "test": _split(40, 2)}
    benchmark = Benchmark(splits, STATS, "binary-class")
    return Shades((jax.random.key(0), jax.random.key(1)), Perceptron(), _split(30, 0), benchmark)
