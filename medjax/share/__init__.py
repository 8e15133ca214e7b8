"""The files that sites share: bundles, synthetic images to train on, and other sets of images."""

from medjax.data.synthetic_npz import SharedSet, load_synthetic, save_synthetic
from medjax.share.reading import ImageSet, read_preparation, read_set
from medjax.share.verification import Report, verify

__all__ = [
    "ImageSet",
    "Report",
    "SharedSet",
    "load_synthetic",
    "read_preparation",
    "read_set",
    "save_synthetic",
    "verify",
]
