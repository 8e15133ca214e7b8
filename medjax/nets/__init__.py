"""Networks: flax modules with PyTorch's default initialisation and a method ``embed``."""

from medjax.nets.alexnet import AlexNet
from medjax.nets.convnet import ConvNet
from medjax.nets.layers.conv import conv2d
from medjax.nets.layers.initializers import torch_uniform
from medjax.nets.lenet import LeNet
from medjax.nets.mlp import MLP
from medjax.nets.registry import make, names, options, parse
from medjax.nets.resnet import ResNet18
from medjax.nets.vgg import VGG11

__all__ = [
    "MLP",
    "VGG11",
    "AlexNet",
    "ConvNet",
    "LeNet",
    "ResNet18",
    "conv2d",
    "make",
    "names",
    "options",
    "parse",
    "torch_uniform",
]
