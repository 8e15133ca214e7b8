"""ResNet18 with the stem for small images."""

import flax.linen as nn
import jax.numpy as jnp

from medjax.nets.classifier import Classifier
from medjax.nets.layers.image_size import require_size
from medjax.nets.layers.linear import Conv
from medjax.nets.layers.norms import Norm
from medjax.nets.layers.precision import accurate
from medjax.types import Array

_STAGES = 4
_BLOCKS = 2


class ResNet18(Classifier):
    """A convolution 3×3, four stages of two residual blocks, the mean over pixels, a linear head.

    Convolutions have no bias. The first block of each stage after the first halves the image. For
    images of 28 or 32 pixels the mean equals the reference's pooling 4×4. Parameters are named
    ``conv``, ``norm``, ``stage_0_block_0 … {conv_0, norm_0, conv_1, norm_1, conv_skip, norm_skip}``
    and ``head``.

    Attributes:
      num_classes: logits per image.
      width: channels of the first stage; each later stage has twice as many as the one before.
      norm: after each convolution, see ``ConvNet``.
      precision: see ``Classifier``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> net, images = ResNet18(num_classes=2), jnp.zeros((1, 28, 28, 1))
      >>> jax.eval_shape(net.init_with_output, jax.random.key(0), images)[0].shape
      (1, 2)

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
    """

    width: int = 64
    norm: str = "instance"

    @nn.compact
    def embed(self, images: Array) -> Array:
        """Features before the head: ``[n, h, w, c] -> [n, 8 · width]``."""
        # The last stage would see one pixel of smaller images, which a norm turns into zero.
        require_size(images, "a ResNet18", least=9)
        x = Conv(self.width, use_bias=False, precision=self.precision, name="conv")(images)
        x = nn.relu(Norm(self.norm, name="norm")(x))
        for stage in range(_STAGES):
            for block in range(_BLOCKS):
                x = _Block(
                    self.width * 2**stage,
                    stride=2 if stage and not block else 1,
                    norm=self.norm,
                    precision=self.precision,
                    name=f"stage_{stage}_block_{block}",
                )(x)
        return jnp.mean(accurate(x), axis=(1, 2))


class _Block(nn.Module):
    """Two convolutions 3×3 and a skip connection, with a 1×1 convolution where shapes differ."""

    features: int
    stride: int
    norm: str
    precision: str

    @nn.compact
    def __call__(self, x: Array) -> Array:
        y = nn.relu(self._layer("0", x, stride=self.stride))
        y = self._layer("1", y)
        if self.stride > 1 or x.shape[-1] != self.features:
            x = self._layer("skip", x, stride=self.stride, size=1)
        return nn.relu(y + x.astype(y.dtype))

    def _layer(self, name: str, x: Array, *, stride: int = 1, size: int = 3) -> Array:
        conv = Conv(
            self.features,
            (size, size),
            (size // 2, size // 2),
            stride=stride,
            use_bias=False,
            precision=self.precision,
            name=f"conv_{name}",
        )
        return Norm(self.norm, name=f"norm_{name}")(conv(x))
