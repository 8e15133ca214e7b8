"""Differentiable augmentation: pure operators, and the DSA strategies made of them.

Operators are deterministic functions of images and parameters; a strategy samples the parameters::

    dsa = augment.parse_strategy("color_crop_cutout_flip_scale_rotate")
    draw = dsa.sample(key)                      # one siamese transform
    real, syn = dsa.apply(draw, real_images), dsa.apply(draw, syn_images)

DC's own augmentation transforms each image alone, see ``DCStrategy``.
"""

from medjax.augment.cutmix import CutMixDraw, cutmix, sample_cutmix
from medjax.augment.dc import DCDraw, DCStrategy
from medjax.augment.dsa import Draw, Strategy, parse_strategy
from medjax.augment.layered import LayeredStrategy
from medjax.augment.ops import (
    brightness,
    contrast,
    cutout,
    flip,
    rotate,
    saturation,
    scale,
    translate,
)
from medjax.augment.parsing import Augmentation, parse_augmentation

__all__ = [
    "Augmentation",
    "CutMixDraw",
    "DCDraw",
    "DCStrategy",
    "Draw",
    "LayeredStrategy",
    "Strategy",
    "brightness",
    "contrast",
    "cutmix",
    "cutout",
    "flip",
    "parse_augmentation",
    "parse_strategy",
    "rotate",
    "sample_cutmix",
    "saturation",
    "scale",
    "translate",
]
