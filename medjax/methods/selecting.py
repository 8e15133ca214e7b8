"""Real images chosen to stand for their class, by distances between features or between pixels."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from medjax import data, evaluate
from medjax.types import Array, PRNGKey

SELECTIONS: dict[str, Callable[[np.ndarray, np.ndarray, Sequence[int]], np.ndarray]] = {
    "herding": evaluate.herding,
    "kcenter": evaluate.k_center,
}

_RECIPE = evaluate.Recipe(epochs=20)


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
      key: PRNG key, of the training of the network.
      real: the training images.
      counts: images wanted of each class, at most as many as there are.
      selection: one of ``SELECTIONS``, see ``evaluate.herding`` and ``evaluate.k_center``.
      net: distances are between its features, after 20 epochs of training on all real images;
        ``None`` measures them between normalised pixels.

    Returns:
      int32 ``[Σ counts]`` rows, those of class 0 first, then those of class 1, ….

    Example:
      >>> images = np.array([0, 9, 10, 90], np.uint8).reshape(4, 1, 1, 1)
      >>> split = data.Split(images, np.zeros(4, np.int32))
      >>> real = data.real_data(split, num_classes=1, mean=np.zeros(1, "f"), std=np.ones(1, "f"))
      >>> select_rows(jax.random.key(0), real, [2], selection="kcenter", net=None).tolist()
      [2, 3]
    """
    labels = np.asarray(real.labels)
    choose, shape = SELECTIONS[selection], jax.ShapeDtypeStruct((sum(counts),), jnp.int32)
    # The choice is numpy's, and this way the shape of the start is known without making it.
    if net is None:
        return jax.pure_callback(
            lambda: choose(_pixels(real), labels, counts).astype(np.int32), shape
        )
    return jax.pure_callback(
        lambda features: choose(np.asarray(features), labels, counts).astype(np.int32),
        shape,
        _features(key, real, net),
    )


def _pixels(real: data.RealData) -> np.ndarray:
    """``[N, h · w · c]``, normalised on the host: the images may be on many devices, or on none."""
    images, rows = real.images, np.arange(len(real.images))
    images = images.read(rows) if isinstance(images, data.HostImages) else np.asarray(images)
    scale = 255 if images.dtype == np.uint8 else 1
    pixels = images.astype(np.float32) / np.float32(scale)
    pixels = (pixels - np.asarray(real.mean)) / np.asarray(real.std)
    return pixels.reshape(len(pixels), -1)


def _features(key: PRNGKey, real: data.RealData, net: nn.Module) -> Array:
    """``[N, f]``, of all real images."""
    # On this process's device: every process makes the same choice, none needs the others'.
    images = real.images
    images = images if isinstance(images, data.HostImages) else np.asarray(images)
    stats = np.asarray(real.mean), np.asarray(real.std)
    variables = evaluate.train_networks(
        key, net, images, np.asarray(real.labels), recipe=_RECIPE, num_networks=1, stats=stats
    )
    return evaluate.embed(net, variables, images, stats=stats)[0]
