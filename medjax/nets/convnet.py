"""The ConvNet that the field distils with."""

import math

import flax.linen as nn

from medjax.errors import UserError, unknown
from medjax.nets.layers.modules import Conv, Dense
from medjax.nets.layers.norms import Norm
from medjax.nets.layers.pooling import POOLINGS, pool
from medjax.nets.layers.precision import accurate, require_precision
from medjax.types import Array

ACTIVATIONS = {
    "relu": nn.relu,
    "sigmoid": nn.sigmoid,
    "leakyrelu": lambda x: nn.leaky_relu(x, 0.01),
    "swish": nn.swish,
}


_LEAST_DEPTH = 3


def usual_depth(side: int) -> int:
    """The blocks that the field gives a ConvNet for images of a size.

    ``max(3, round(log2(side)) - 2)``: every doubling of the side is halved again, so that about as
    many features arrive at the head.

    Args:
      side: side length in pixels, the shorter one of two.

    Returns:
      The number of blocks.

    Example:
      >>> [usual_depth(side) for side in (28, 32, 64, 128, 224)]
      [3, 3, 4, 5, 6]
    """
    return max(_LEAST_DEPTH, round(math.log2(side)) - 2)


class ConvNet(nn.Module):
    """``depth`` blocks of convolution 3×3, norm, activation and pooling 2×2, then a linear head.

    Images of 28 pixels are padded to 32 by the first convolution (padding 3), grey or colour;
    every other size keeps padding 1. The head is sized from the traced shape.

    Parameters are named ``conv_0 … {kernel, bias}``, ``norm_0 … {scale, bias}`` and
    ``head {kernel, bias}``.

    Attributes:
      num_classes: logits per image.
      width: channels of every convolution.
      depth: number of blocks; ``None`` for ``usual_depth`` of the traced images.
      norm: ``instance``, ``group``, ``layer``, ``batch`` or ``none``.
      activation: ``relu``, ``sigmoid``, ``leakyrelu`` (slope 0.01) or ``swish``.
      pooling: ``avg``, ``max`` or ``none``.
      precision: ``float32``, ``tf32`` or ``bfloat16``, what convolutions multiply in and
        activations are kept in; parameters, moments, features and logits are float32.

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

    num_classes: int
    width: int = 128
    depth: int | None = None
    norm: str = "instance"
    activation: str = "relu"
    pooling: str = "avg"
    precision: str = "float32"

    def setup(self):
        if self.activation not in ACTIVATIONS:
            raise unknown("activation", self.activation, ACTIVATIONS)
        if self.pooling not in POOLINGS:
            raise unknown("pooling", self.pooling, POOLINGS)
        require_precision(self.precision)
        self.head = Dense(self.num_classes, self.precision)

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head, flattened: ``[n, h, w, c] -> [n, f]``."""
        x, depth = images, self.depth
        if depth is None:
            depth = usual_depth(min(images.shape[1:3]))
        for block in range(depth):
            padding = tuple(3 if block == 0 and size == 28 else 1 for size in x.shape[1:3])
            conv = Conv(self.width, padding=padding, precision=self.precision, name=f"conv_{block}")
            x = conv(x)
            x = Norm(self.norm, name=f"norm_{block}")(x)
            x = ACTIVATIONS[self.activation](x)
            x = pool(x, self.pooling)
            if x.size == 0:
                raise UserError(
                    f"a ConvNet of depth {depth} pools {images.shape[1]}×{images.shape[2]} "
                    f"images away; the depth can be at most {block}"
                )
        return accurate(x.reshape(x.shape[0], -1))

    def __call__(self, images: Array) -> Array:
        """Logits: ``[n, h, w, c] -> [n, num_classes]``."""
        return self.head(self.embed(images))
