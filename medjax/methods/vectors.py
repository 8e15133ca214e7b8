"""The parameters of a network as one vector."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from medjax.data import RealData
from medjax.types import Array, Params


def unraveller(net: nn.Module, real: RealData) -> Callable[[Array], Params]:
    """Returns the inverse of ``ravel_pytree`` for parameters of a network, ``[p] -> pytree``."""
    shapes = variable_shapes(net, real)["params"]
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    return ravel_pytree(zeros)[1]


def vector_size(net: nn.Module, real: RealData) -> int:
    """Returns the number of parameters of a network for such images.

    Args:
      net: a flax module.
      real: the training images, of which only the shape matters.

    Returns:
      The number ``p``.

    Example:
      >>> import numpy as np
      >>> from medjax import data, nets
      >>> split = data.Split(np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1], np.int32))
      >>> mean, std = np.zeros(1, "f"), np.ones(1, "f")
      >>> real = data.real_data(split, num_classes=2, mean=mean, std=std)
      >>> vector_size(nets.make("convnet", num_classes=2, width=2, depth=1), real)
      90
    """
    return sum(leaf.size for leaf in jax.tree.leaves(variable_shapes(net, real)["params"]))


def variable_shapes(net: nn.Module, real: RealData) -> Params:
    """Returns the variables of a network as a pytree of ``jax.ShapeDtypeStruct``."""
    image = jax.ShapeDtypeStruct((1, *real.images.shape[1:]), real.mean.dtype)
    return jax.eval_shape(net.init, jax.random.key(0), image)
