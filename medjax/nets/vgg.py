"""VGG11 with a norm after every convolution."""

import flax.linen as nn

from medjax.nets.layers.modules import Conv, Dense
from medjax.nets.layers.norms import Norm
from medjax.nets.layers.pooling import pool, require_size
from medjax.nets.layers.precision import accurate, require_precision
from medjax.types import Array

# Channels in multiples of the width; after each group of convolutions a pooling.
_GROUPS = ((1,), (2,), (4, 4), (8, 8), (8, 8))


class VGG11(nn.Module):
    """Eight convolutions 3×3, five max poolings and a linear head.

    Images of 28 pixels are padded to 32 by the first convolution (padding 3). Parameters are named
    ``conv_0 … {kernel, bias}``, ``norm_0 … {scale, bias}`` and ``head {kernel, bias}``.

    Attributes:
      num_classes: logits per image.
      width: channels of the first convolution; the last ones have 8 times as many.
      norm: after each convolution, see ``ConvNet``.
      precision: see ``ConvNet``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> images = jnp.zeros((1, 28, 28, 1))
      >>> jax.eval_shape(VGG11(num_classes=2).init_with_output, jax.random.key(0), images)[0].shape
      (1, 2)

    Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
    ICLR 2015, as used by Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021.
    """

    num_classes: int
    width: int = 64
    norm: str = "instance"
    precision: str = "float32"

    def setup(self):
        require_precision(self.precision)
        self.head = Dense(self.num_classes, self.precision)

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head, flattened: ``[n, h, w, c] -> [n, f]``."""
        require_size(images, "a VGG11", least=32)
        x, layer = images, 0
        for group in _GROUPS:
            for times in group:
                padding = tuple(3 if layer == 0 and size == 28 else 1 for size in x.shape[1:3])
                x = Conv(
                    times * self.width,
                    padding=padding,
                    precision=self.precision,
                    name=f"conv_{layer}",
                )(x)
                x = nn.relu(Norm(self.norm, name=f"norm_{layer}")(x))
                layer += 1
            x = pool(x, "max")
        return accurate(x.reshape(x.shape[0], -1))

    def __call__(self, images: Array) -> Array:
        """Logits: ``[n, h, w, c] -> [n, num_classes]``."""
        return self.head(self.embed(images))
