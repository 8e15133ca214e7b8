"""Networks: flax modules with PyTorch's default initialisation and an ``embed`` method."""

from medjax.nets.conv import conv2d
from medjax.nets.convnet import ConvNet
from medjax.nets.initializers import torch_uniform
from medjax.nets.registry import make, names

__all__ = ["ConvNet", "conv2d", "make", "names", "torch_uniform"]
