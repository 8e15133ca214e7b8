"""Convolution and dense layers with PyTorch's default initialisation."""

import math

import flax.linen as nn
import jax.numpy as jnp

from medjax.nets.layers.conv import Padding, conv2d
from medjax.nets.layers.initializers import torch_uniform
from medjax.nets.layers.precision import PRECISIONS, activations, promoted
from medjax.types import Array


class Conv(nn.Module):
    """A convolution with the parameters ``kernel`` (HWIO) and ``bias``.

    Attributes:
      features: output channels.
      kernel_size: rows and columns of the kernel.
      padding: zeros on both sides of the rows and of the columns.
      stride: of rows and columns.
      use_bias: whether there is a bias.
      precision: one of ``PRECISIONS``.
    """

    features: int
    kernel_size: tuple[int, int] = (3, 3)
    padding: Padding = (1, 1)
    stride: int = 1
    use_bias: bool = True
    precision: str = "float32"

    @nn.compact
    def __call__(self, images: Array) -> Array:
        """``[n, h, w, c] -> [n, h', w', features]``."""
        shape = (*self.kernel_size, images.shape[-1])
        init = torch_uniform(math.prod(shape))
        kernel = self.param("kernel", init, (*shape, self.features), jnp.float32)
        bias = self.param("bias", init, (self.features,), jnp.float32) if self.use_bias else None
        images, kernel = promoted(images, kernel)
        images = activations(images, self.precision)
        y = conv2d(
            images, kernel, self.padding, precision=PRECISIONS[self.precision], stride=self.stride
        )
        return y if bias is None else y + bias.astype(y.dtype)[None, None, None]


class Dense(nn.Module):
    """A linear layer with the parameters ``kernel`` ``[in, out]`` and ``bias``.

    Attributes:
      features: outputs.
      precision: one of ``PRECISIONS``.
    """

    features: int
    precision: str = "float32"

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        """``[n, in] -> [n, features]``."""
        init = torch_uniform(inputs.shape[-1])
        kernel = self.param("kernel", init, (inputs.shape[-1], self.features), jnp.float32)
        bias = self.param("bias", init, (self.features,), jnp.float32)
        inputs, kernel = promoted(inputs, kernel)
        product = jnp.matmul(inputs, kernel, precision=PRECISIONS[self.precision])
        return product + bias.astype(product.dtype)[None]
