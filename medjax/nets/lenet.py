"""LeNet-5 with ReLU and max pooling."""

import flax.linen as nn

from medjax.nets.layers.modules import Conv, Dense
from medjax.nets.layers.pooling import pool, require_size
from medjax.nets.layers.precision import accurate, require_precision
from medjax.types import Array


class LeNet(nn.Module):
    """Convolutions 5×5 of 6 and 16 channels, each pooled, layers of 120 and 84, a linear head.

    Images of 28 pixels are padded to 32 by the first convolution (padding 2); others are not
    padded, and must have at least 16 pixels a side. Parameters are named ``conv_0``, ``conv_1``,
    ``dense_0``, ``dense_1`` and ``head``, each ``{kernel, bias}``.

    Attributes:
      num_classes: logits per image.
      precision: see ``ConvNet``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> images = jnp.zeros((1, 28, 28, 1))
      >>> jax.eval_shape(LeNet(num_classes=2).init_with_output, jax.random.key(0), images)[0].shape
      (1, 2)

    LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 1998.
    """

    num_classes: int
    precision: str = "float32"

    def setup(self):
        require_precision(self.precision)
        self.head = Dense(self.num_classes, self.precision)

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head: ``[n, h, w, c] -> [n, 84]``."""
        require_size(images, "a LeNet", least=16)
        x = images
        for block, features in enumerate((6, 16)):
            padding = tuple(2 if block == 0 and size == 28 else 0 for size in x.shape[1:3])
            conv = Conv(features, (5, 5), padding, precision=self.precision, name=f"conv_{block}")
            x = pool(nn.relu(conv(x)), "max")
        x = accurate(x.reshape(x.shape[0], -1))
        for layer, features in enumerate((120, 84)):
            x = nn.relu(Dense(features, self.precision, name=f"dense_{layer}")(x))
        return x

    def __call__(self, images: Array) -> Array:
        """Logits: ``[n, h, w, c] -> [n, num_classes]``."""
        return self.head(self.embed(images))
