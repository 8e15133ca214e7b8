"""ResNet18 with the stem for small images."""

import flax.linen as nn
import jax.numpy as jnp

from medjax.nets.layers.modules import Conv, Dense
from medjax.nets.layers.norms import Norm
from medjax.nets.layers.pooling import require_size
from medjax.nets.layers.precision import accurate, require_precision
from medjax.types import Array

_STAGES = 4
_BLOCKS = 2


class ResNet18(nn.Module):
    """A convolution 3×3, four stages of two residual blocks, the mean over pixels, a linear head.

    Convolutions have no bias. The first block of each stage but the first halves the image. Of the
    sizes that the reference knows (28 and 32) the mean is its pooling 4×4. Parameters are named
    ``conv``, ``norm``, ``stage_0_block_0 … {conv_0, norm_0, conv_1, norm_1, conv_skip, norm_skip}``
    and ``head``.

    Attributes:
      num_classes: logits per image.
      width: channels of the first stage; each next has twice as many.
      norm: after each convolution, see ``ConvNet``.
      precision: see ``ConvNet``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> net, images = ResNet18(num_classes=2), jnp.zeros((1, 28, 28, 1))
      >>> jax.eval_shape(net.init_with_output, jax.random.key(0), images)[0].shape
      (1, 2)

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
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
        """Features before the head: ``[n, h, w, c] -> [n, 8 · width]``."""
        # Of fewer pixels the last stage would see one, of which a norm leaves nothing.
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

    def __call__(self, images: Array) -> Array:
        """Logits: ``[n, h, w, c] -> [n, num_classes]``."""
        return self.head(self.embed(images))


class _Block(nn.Module):
    """Two convolutions 3×3 around which the input skips, through a convolution if it must."""

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
