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
from medjax.types import Array, PRNGKey

SELECTIONS: dict[str, Callable[[np.ndarray, np.ndarray, Sequence[int]], np.ndarray]] = {
    "herding": herding,
    "kcenter": k_center,
}

_RECIPE = training.Recipe(epochs=20)


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
    if isinstance(key, jax.core.Tracer):  # numpy cannot choose inside a program, which has a shape
        shape = jax.ShapeDtypeStruct((sum(counts),), jnp.int32)
        rows: Array = jax.pure_callback(_refuse, shape)
        return rows
    vectors = _pixels(real) if net is None else _features(key, real, net)
    with vectors as found:
        return jnp.asarray(SELECTIONS[selection](found, np.asarray(real.labels), counts), jnp.int32)


def _refuse() -> None:
    raise RuntimeError("images are chosen on the host: call init outside of jit")


def _pixels(real: data.RealData) -> contextlib.AbstractContextManager[np.ndarray]:
    """Yields ``[N, h · w · c]``, normalised on the host: many devices may share the images."""

    def flat(images: np.ndarray) -> np.ndarray:
        scale = 255 if images.dtype == np.uint8 else 1
        pixels: np.ndarray = images.astype(np.float32) / np.float32(scale)
        pixels = (pixels - np.asarray(real.mean)) / np.asarray(real.std)
        return pixels.reshape(len(pixels), -1)

    return training.vectors_of(_on_host(real), flat)


def _features(
    key: PRNGKey, real: data.RealData, net: nn.Module
) -> contextlib.AbstractContextManager[np.ndarray]:
    """Yields ``[N, f]``, for all real images."""
    # On this process's device: every process makes the same choice and needs no other process.
    images, stats = _on_host(real), (np.asarray(real.mean), np.asarray(real.std))
    variables = training.train_networks(
        key, net, images, np.asarray(real.labels), recipe=_RECIPE, num_networks=1, stats=stats
    )
    return training.vectors_of(
        images, lambda some: np.asarray(training.embed(net, variables, some, stats=stats)[0])
    )


def _on_host(real: data.RealData) -> np.ndarray | data.HostImages:
    images = real.images
    return images if isinstance(images, data.HostImages) else np.asarray(images)
