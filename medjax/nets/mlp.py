"""A multi-layer perceptron with two hidden layers."""

import flax.linen as nn

from medjax.nets.classifier import Classifier
from medjax.nets.layers.linear import Dense
from medjax.nets.layers.precision import accurate, require_floats
from medjax.types import Array


class MLP(Classifier):
    """Two hidden layers with ReLU on all pixels, then a linear head.

    Parameters are named ``dense_0``, ``dense_1`` and ``head``, each ``{kernel, bias}``.

    Attributes:
      num_classes: logits per image.
      width: units of each hidden layer.
      precision: of the matrix products, see ``Classifier``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> images = jnp.zeros((1, 28, 28, 1))
      >>> jax.eval_shape(MLP(num_classes=2).init_with_output, jax.random.key(0), images)[0].shape
      (1, 2)
    """

    width: int = 128

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head: ``[n, h, w, c] -> [n, width]``."""
        x = accurate(require_floats(images).reshape(images.shape[0], -1))
        for layer in range(2):
            x = nn.relu(Dense(self.width, self.precision, name=f"dense_{layer}")(x))
        return x
