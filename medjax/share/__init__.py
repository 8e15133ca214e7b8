"""The files that sites share: bundles, synthetic images to train on, and other sets of images."""

from medjax.data.synthetic_npz import SharedSet, load_synthetic, save_synthetic
from medjax.share.bundle.exporting import export
from medjax.share.bundle.merging import merge
from medjax.share.bundle.packing import pack
from medjax.share.bundle.reading import Bundle, is_bundle, load, read_bundle
from medjax.share.reading import ImageSet, read_preparation, read_set
from medjax.share.verification import Report, verify

__all__ = [
    "Bundle",
    "ImageSet",
    "Report",
    "SharedSet",
    "export",
    "is_bundle",
    "load",
    "load_synthetic",
    "merge",
    "pack",
    "read_bundle",
    "read_preparation",
    "read_set",
    "save_synthetic",
    "verify",
]
