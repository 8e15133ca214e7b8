"""The files that sites share: synthetic images to train on, and other sets of images."""

from medjax.data.synthetic_npz import SharedSet, load_synthetic, save_synthetic
from medjax.share.reading import ImageSet, read_preparation, read_set

__all__ = [
    "ImageSet",
    "SharedSet",
    "load_synthetic",
    "read_preparation",
    "read_set",
    "save_synthetic",
]
