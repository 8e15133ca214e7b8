"""The features in which images are traced: pixels, whitened ones, and random networks."""

from collections.abc import Callable, Iterator
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from medjax import training
from medjax.methods.networks import random_networks
from medjax.types import PRNGKey

Features = Callable[[np.ndarray], np.ndarray]
"""Maps inputs of networks, float32 ``[n, h, w, c]``, to features ``[n, f]``."""

NUM_NETWORKS = 8
"""The random networks of an attack."""
_MOST_IMAGES, _LEAST_VARIANCE = 2000, 0.1


def pixels(inputs: np.ndarray) -> np.ndarray:
    """Returns the pixels of images as rows.

    Args:
      inputs: float ``[n, h, w, c]``.

    Returns:
      The same values, ``[n, h · w · c]``.

    Example:
      >>> pixels(np.zeros((2, 4, 4, 1))).shape
      (2, 16)
    """
    return inputs.reshape(len(inputs), -1)


def whitened(features: Features, reference: np.ndarray) -> Features:
    r"""Returns features in which all directions of some images vary alike.

    Few directions (brightness, size, pose) hold most of the variance of images and hide what is
    particular to one. With the variances ``v`` along the principal directions and ``λ`` a tenth of
    their mean over all features, a direction is scaled by ``√(λ/(v + λ))``.

    Args:
      features: the features to whiten.
      reference: float ``[n, h, w, c]``, images in which members and others count alike.

    Returns:
      The map to whitened features.

    Example:
      >>> images = np.random.default_rng(0).normal(size=(50, 2, 2, 1)) * [[[1.0], [9.0]]]
      >>> spread = whitened(pixels, images)(images).std(axis=0)
      >>> bool(spread.max() / spread.min() < 3)
      True
    """
    some = reference[:: -(-len(reference) // _MOST_IMAGES)]
    rows = np.asarray(features(some), np.float64)
    centre = rows.mean(axis=0)
    variances, directions = _principal(rows - centre)
    least = max(_LEAST_VARIANCE * variances.sum() / len(centre), 1e-12)
    shrink = 1 - np.sqrt(least / (variances + least))

    def make(inputs: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.asarray(features(inputs), np.float64) - centre
        found -= (found @ directions.T * shrink) @ directions
        return found

    return make


def _principal(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the variances of centred rows and the directions ``[k, f]`` that they belong to."""
    count, size = rows.shape
    if size <= count:
        variances, columns = np.linalg.eigh(rows.T @ rows / count)
        return np.maximum(variances, 0), columns.T
    variances, columns = np.linalg.eigh(rows @ rows.T / count)
    kept = variances > 1e-9 * variances[-1]
    variances, columns = variances[kept], columns[:, kept]
    return variances, (columns / np.sqrt(count * variances)).T @ rows


def random_features(key: PRNGKey, net: nn.Module, *, count: int) -> Iterator[Features]:
    """Yields the features before the head of networks that are never trained, one after the other.

    Args:
      key: PRNG key; network ``i`` is a function of ``fold_in(key, i)`` alone.
      net: a flax module with ``embed``.
      count: number of networks.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> (embed,) = random_features(jax.random.key(0), net, count=1)
      >>> embed(np.zeros((3, 4, 4, 1), np.float32)).shape
      (3, 8)
    """
    for number in range(count):
        yield _embedding(key, net, number)


def own_features(
    key: PRNGKey, net: nn.Module, *, iterations: int, count: int
) -> Iterator[Features]:
    """Yields the features of the very networks of a run of DM or auto, which its seed determines.

    Args:
      key: the key of the distillation, ``keys_of(seed)["distill"]``.
      net: the network of the run.
      iterations: iterations of the run; the networks are spread over their second half.
      count: number of networks; each is the first of its iteration.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> len(list(own_features(jax.random.key(0), net, iterations=10, count=3)))
      3
    """
    steps = np.unique(np.linspace(iterations // 2, iterations - 1, count).astype(np.uint32))
    for step in steps:
        yield _embedding(jax.random.fold_in(key, step), net, 0)


def _embedding(key: PRNGKey, net: nn.Module, number: int) -> Features:
    index = jnp.asarray([number], jnp.int32)
    made: dict[tuple[int, ...], Any] = {}

    def make(inputs: np.ndarray) -> np.ndarray:
        inputs = np.asarray(inputs, np.float32)
        if inputs.shape[1:] not in made:
            _, variables = random_networks(key, net, jnp.asarray(inputs[:1]), index)
            made[inputs.shape[1:]] = variables
        found = training.embed(net, made[inputs.shape[1:]], inputs)
        return np.asarray(found)[0]

    return make
