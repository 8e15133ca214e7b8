"""VGG11 with a norm after every convolution."""

import flax.linen as nn

from medjax.nets.classifier import Classifier
from medjax.nets.layers.image_size import padding_to_32, require_size
from medjax.nets.layers.linear import Conv
from medjax.nets.layers.norms import Norm
from medjax.nets.layers.pooling import pool
from medjax.nets.layers.precision import accurate
from medjax.types import Array

# Channels of the convolutions in multiples of the width; a pooling follows each group.
_GROUPS = ((1,), (2,), (4, 4), (8, 8), (8, 8))


class VGG11(Classifier):
    """Eight convolutions 3×3, five max poolings and a linear head.

    The first convolution pads images of 28 pixels to 32 (padding 3). Parameters are named
    ``conv_0 … {kernel, bias}``, ``norm_0 … {scale, bias}`` and ``head {kernel, bias}``.

    Attributes:
      num_classes: logits per image.
      width: channels of the first convolution; the last ones have 8 times as many.
      norm: after each convolution, see ``ConvNet``.
      precision: see ``Classifier``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> images = jnp.zeros((1, 28, 28, 1))
      >>> jax.eval_shape(VGG11(num_classes=2).init_with_output, jax.random.key(0), images)[0].shape
      (1, 2)

    Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
    ICLR 2015, as used by Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021.
    """

    width: int = 64
    norm: str = "instance"

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head, flattened: ``[n, h, w, c] -> [n, f]``."""
        require_size(images, "a VGG11", least=32)
        x, layer, padding = images, 0, padding_to_32(images, 1)
        for group in _GROUPS:
            for times in group:
                features, name = times * self.width, f"conv_{layer}"
                conv = Conv(features, padding=padding, precision=self.precision, name=name)
                x = nn.relu(Norm(self.norm, name=f"norm_{layer}")(conv(x)))
                layer, padding = layer + 1, (1, 1)
            x = pool(x, "max")
        return accurate(x.reshape(x.shape[0], -1))
