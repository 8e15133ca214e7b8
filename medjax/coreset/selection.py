"""Real images chosen to stand for their class, by distances between features or between pixels."""

import contextlib
from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from medjax import coreset, data, training
from medjax.types import Array, PRNGKey

SELECTIONS: dict[str, Callable[[np.ndarray, np.ndarray, Sequence[int]], np.ndarray]] = {
    "herding": coreset.herding,
    "kcenter": coreset.k_center,
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
      key: PRNG key, of the training of the network.
      real: the training images.
      counts: images wanted of each class, at most as many as there are.
      selection: one of ``SELECTIONS``, see ``coreset.herding`` and ``coreset.k_center``.
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
    if isinstance(key, jax.core.Tracer):  # for its shape: numpy chooses, outside of any program
        return jax.pure_callback(_refuse, jax.ShapeDtypeStruct((sum(counts),), jnp.int32))
    vectors = _pixels(real) if net is None else _features(key, real, net)
    with vectors as found:
        rows = SELECTIONS[selection](found, np.asarray(real.labels), counts)
    return jnp.asarray(rows, jnp.int32)


def _refuse() -> None:
    raise RuntimeError("images are chosen on the host: call init outside of jit")


def _pixels(real: data.RealData) -> contextlib.AbstractContextManager[np.ndarray]:
    """``[N, h · w · c]``, normalised on the host: the images may be on many devices, or on none."""

    def flat(images):
        scale = 255 if images.dtype == np.uint8 else 1
        pixels = images.astype(np.float32) / np.float32(scale)
        pixels = (pixels - np.asarray(real.mean)) / np.asarray(real.std)
        return pixels.reshape(len(pixels), -1)

    return training.vectors_of(_on_host(real), flat)


def _features(
    key: PRNGKey, real: data.RealData, net: nn.Module
) -> contextlib.AbstractContextManager[np.ndarray]:
    """``[N, f]``, of all real images."""
    # On this process's device: every process makes the same choice, none needs the others'.
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
