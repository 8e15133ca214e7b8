"""Choices that are made on the host, with the network that they need."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from medjax import data, training
from medjax.training.inputs import Stats
from medjax.types import PRNGKey

_RECIPE = training.Recipe(epochs=20)


def chosen_on_host(key: PRNGKey, shapes: Any, choose: Callable[[], Any]) -> Any:
    """Chooses, unless only shapes are wanted, because a program is being traced.

    Args:
      key: the PRNG key of the choice, which is traced inside a program.
      shapes: a pytree of ``jax.ShapeDtypeStruct``, those of the choice.
      choose: returns a pytree of arrays of these shapes.

    Returns:
      The choice; inside a program, arrays that cannot be computed.
    """
    # numpy cannot choose inside a program, which has a shape
    return jax.pure_callback(_refuse, shapes) if isinstance(key, jax.core.Tracer) else choose()


def _refuse() -> None:
    raise RuntimeError("images are chosen on the host: call init outside of jit")


def train_chooser(key: PRNGKey, real: data.RealData, net: nn.Module) -> Any:
    """Trains a network on all real images for 20 epochs, without augmentation.

    It trains on this process's device: every process makes the same choice and needs no other.

    Args:
      key: PRNG key.
      real: the training images.
      net: a flax module.

    Returns:
      Its variables, each array with a leading axis ``[1]``.
    """
    labels, stats = np.asarray(real.labels), stats_of(real)
    return training.train_networks(
        key, net, images_of(real), labels, recipe=_RECIPE, num_networks=1, stats=stats
    )


def images_of(real: data.RealData) -> np.ndarray | data.HostImages:
    """Returns the images on the host: many devices may share them."""
    images = real.images
    return images if isinstance(images, data.HostImages) else np.asarray(images)


def stats_of(real: data.RealData) -> Stats:
    """Returns the mean and the standard deviation on the host."""
    return np.asarray(real.mean), np.asarray(real.std)
