"""Selection of real images by distances between features or between pixels."""

import contextlib
from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from medjax import data, training
from medjax.coreset.herding import herding
from medjax.coreset.k_center import k_center
from medjax.coreset.on_host import chosen_on_host, images_of, stats_of, train_chooser
from medjax.types import Array, PRNGKey

SELECTIONS: dict[str, Callable[[np.ndarray, np.ndarray, Sequence[int]], np.ndarray]] = {
    "herding": herding,
    "kcenter": k_center,
}


def select_rows(
    key: PRNGKey,
    real: data.RealData,
    counts: Sequence[int],
    *,
    selection: str,
    net: nn.Module | None,
) -> Array:
    """Chooses real images of every class.

    Args:
      key: PRNG key for training the network.
      real: the training images.
      counts: images wanted of each class, at most its number of images.
      selection: one of ``SELECTIONS``, see ``coreset.herding`` and ``coreset.k_center``.
      net: the network whose features are compared, after 20 epochs of training on all real images;
        ``None`` compares normalised pixels.

    Returns:
      int32 ``[Σ counts]`` rows, those of class 0 first, then those of class 1, ….

    Example:
      >>> images = np.array([0, 9, 10, 90], np.uint8).reshape(4, 1, 1, 1)
      >>> split = data.Split(images, np.zeros(4, np.int32))
      >>> real = data.real_data(split, num_classes=1, mean=np.zeros(1, "f"), std=np.ones(1, "f"))
      >>> select_rows(jax.random.key(0), real, [2], selection="kcenter", net=None).tolist()
      [2, 3]
    """

    def choose() -> Array:
        vectors = _pixels(real) if net is None else _features(key, real, net)
        with vectors as found:
            chosen = SELECTIONS[selection](found, np.asarray(real.labels), counts)
        return jnp.asarray(chosen, jnp.int32)

    shape = jax.ShapeDtypeStruct((sum(counts),), jnp.int32)
    rows: Array = chosen_on_host(key, shape, choose)
    return rows


def _pixels(real: data.RealData) -> contextlib.AbstractContextManager[np.ndarray]:
    """Yields ``[N, h · w · c]``, normalised on the host: many devices may share the images."""

    def flat(images: np.ndarray) -> np.ndarray:
        scale = 255 if images.dtype == np.uint8 else 1
        pixels: np.ndarray = images.astype(np.float32) / np.float32(scale)
        pixels = (pixels - np.asarray(real.mean)) / np.asarray(real.std)
        return pixels.reshape(len(pixels), -1)

    return training.vectors_of(images_of(real), flat)


def _features(
    key: PRNGKey, real: data.RealData, net: nn.Module
) -> contextlib.AbstractContextManager[np.ndarray]:
    """Yields ``[N, f]``, for all real images."""
    variables, stats = train_chooser(key, real, net), stats_of(real)

    def features(images: np.ndarray) -> np.ndarray:
        return np.asarray(training.embed(net, variables, images, stats=stats)[0])

    return training.vectors_of(images_of(real), features)
