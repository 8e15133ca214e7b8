"""LeNet-5 with ReLU and max pooling."""

import flax.linen as nn

from medjax.nets.classifier import Classifier
from medjax.nets.layers.image_size import padding_to_32, require_size
from medjax.nets.layers.linear import Conv, Dense
from medjax.nets.layers.pooling import pool
from medjax.nets.layers.precision import accurate
from medjax.types import Array


class LeNet(Classifier):
    """Pooled 5×5 convolutions of 6 and 16 channels, layers of 120 and 84, and a linear head.

    The first convolution pads images of 28 pixels to 32 (padding 2) and no others; these must
    have at least 16 pixels per side. Parameters are named ``conv_0``, ``conv_1``, ``dense_0``,
    ``dense_1`` and ``head``, each ``{kernel, bias}``.

    Attributes:
      num_classes: logits per image.
      precision: see ``Classifier``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> images = jnp.zeros((1, 28, 28, 1))
      >>> jax.eval_shape(LeNet(num_classes=2).init_with_output, jax.random.key(0), images)[0].shape
      (1, 2)

    LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 1998.
    """

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head: ``[n, h, w, c] -> [n, 84]``."""
        require_size(images, "a LeNet", least=16)
        x, padding = images, padding_to_32(images, 0)
        for block, features in enumerate((6, 16)):
            conv = Conv(features, (5, 5), padding, precision=self.precision, name=f"conv_{block}")
            x, padding = pool(nn.relu(conv(x)), "max"), (0, 0)
        x = accurate(x.reshape(x.shape[0], -1))
        for layer, features in enumerate((120, 84)):
            x = nn.relu(Dense(features, self.precision, name=f"dense_{layer}")(x))
        return x
