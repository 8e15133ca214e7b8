"""AlexNet, shrunk for small images as in the literature on data-set distillation."""

import flax.linen as nn

from medjax.nets.classifier import Classifier
from medjax.nets.layers.image_size import padding_to_32, require_size
from medjax.nets.layers.linear import Conv
from medjax.nets.layers.norms import Norm
from medjax.nets.layers.pooling import pool
from medjax.nets.layers.precision import accurate
from medjax.types import Array

# Channels in halves of the width, rows and columns of the kernel, whether pooling follows.
_LAYERS = ((2, 5, True), (3, 5, True), (4, 3, False), (3, 3, False), (3, 3, True))


class AlexNet(Classifier):
    """Five convolutions (5×5 twice, then 3×3), three max poolings and a linear head.

    The first convolution pads images of 28 pixels to 32 (padding 4). Parameters are named
    ``conv_0 … {kernel, bias}``, ``norm_0 … {scale, bias}`` and ``head {kernel, bias}``.

    Attributes:
      num_classes: logits per image.
      width: channels of the first convolution; the others have 1.5, 2, 1.5 and 1.5 times as many.
      norm: after each convolution, see ``ConvNet``; the reference has ``none`` or ``batch``.
      precision: see ``Classifier``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> net, images = AlexNet(num_classes=2), jnp.zeros((1, 28, 28, 1))
      >>> jax.eval_shape(net.init_with_output, jax.random.key(0), images)[0].shape
      (1, 2)

    Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", NeurIPS
    2012, as used by Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021.
    """

    width: int = 128
    norm: str = "none"

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head, flattened: ``[n, h, w, c] -> [n, f]``."""
        require_size(images, "an AlexNet", least=8)
        x = images
        for layer, (halves, size, pooled) in enumerate(_LAYERS):
            padding = padding_to_32(x, size // 2) if layer == 0 else (size // 2, size // 2)
            x = Conv(
                halves * self.width // 2,
                (size, size),
                padding,
                precision=self.precision,
                name=f"conv_{layer}",
            )(x)
            x = nn.relu(Norm(self.norm, name=f"norm_{layer}")(x))
            x = pool(x, "max") if pooled else x
        return accurate(x.reshape(x.shape[0], -1))
