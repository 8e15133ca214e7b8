"""The ConvNet, the usual network of data-set distillation."""

import math

import flax.linen as nn

from medjax.errors import UserError, unknown
from medjax.nets.classifier import Classifier
from medjax.nets.layers.image_size import padding_to_32
from medjax.nets.layers.linear import Conv
from medjax.nets.layers.norms import Norm
from medjax.nets.layers.pooling import POOLINGS, pool
from medjax.nets.layers.precision import accurate
from medjax.types import Array

ACTIVATIONS = {
    "relu": nn.relu,
    "sigmoid": nn.sigmoid,
    "leakyrelu": lambda x: nn.leaky_relu(x, 0.01),
    "swish": nn.swish,
}
_LEAST_DEPTH = 3


def usual_depth(side: int) -> int:
    """Returns the usual number of blocks for images with this (shorter) side in pixels.

    Each doubling of the side adds a block, so that the head sees about as many features.

    >>> [usual_depth(side) for side in (28, 32, 64, 128, 224)]
    [3, 3, 4, 5, 6]
    """
    return max(_LEAST_DEPTH, round(math.log2(side)) - 2)


class ConvNet(Classifier):
    """``depth`` blocks of convolution 3×3, norm, activation and pooling 2×2, then a linear head.

    The first convolution pads images of 28 pixels, grey or colour, to 32 (padding 3); every other
    size has padding 1. The head is sized from the traced shape. Parameters are named
    ``conv_0 … {kernel, bias}``, ``norm_0 … {scale, bias}`` and ``head {kernel, bias}``.

    Attributes:
      num_classes: logits per image.
      width: channels of every convolution.
      depth: number of blocks; ``None`` is ``usual_depth`` of the traced images.
      norm: ``instance``, ``group``, ``layer``, ``batch`` or ``none``.
      activation: ``relu``, ``sigmoid``, ``leakyrelu`` (slope 0.01) or ``swish``.
      pooling: ``avg``, ``max`` or ``none``.
      precision: see ``Classifier``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> net = ConvNet(num_classes=2, width=8)
      >>> images = jnp.zeros((1, 28, 28, 1))
      >>> params = net.init(jax.random.key(0), images)["params"]
      >>> net.apply({"params": params}, images).shape
      (1, 2)
      >>> net.apply({"params": params}, images, method="embed").shape
      (1, 128)

    Gidaris and Komodakis, "Dynamic Few-Shot Visual Learning without Forgetting", CVPR 2018, as
    used by Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021.
    """

    width: int = 128
    depth: int | None = None
    norm: str = "instance"
    activation: str = "relu"
    pooling: str = "avg"

    def setup(self) -> None:
        super().setup()
        if self.activation not in ACTIVATIONS:
            raise unknown("activation", self.activation, ACTIVATIONS)
        if self.pooling not in POOLINGS:
            raise unknown("pooling", self.pooling, POOLINGS)

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head, flattened: ``[n, h, w, c] -> [n, f]``."""
        depth = usual_depth(min(images.shape[1:3])) if self.depth is None else self.depth
        x, padding = images, padding_to_32(images, 1)
        for block in range(depth):
            name = f"conv_{block}"
            x = Conv(self.width, padding=padding, precision=self.precision, name=name)(x)
            x = Norm(self.norm, name=f"norm_{block}")(x)
            x, padding = pool(ACTIVATIONS[self.activation](x), self.pooling), (1, 1)
            if x.size == 0:
                raise UserError(
                    f"a ConvNet of depth {depth} pools {images.shape[1]}×{images.shape[2]} "
                    f"images away; the depth can be at most {block}"
                )
        return accurate(x.reshape(x.shape[0], -1))
