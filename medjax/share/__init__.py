"""The files that sites share: bundles, synthetic images to train on, and other sets of images."""

import importlib
from typing import TYPE_CHECKING

from medjax.data.synthetic_npz import SharedSet, load_synthetic, save_synthetic
from medjax.share.bundle.exporting import export
from medjax.share.bundle.reading import Bundle, is_bundle, load, read_bundle
from medjax.share.reading import ImageSet, read_preparation, read_set
from medjax.share.verification import Report, verify

if TYPE_CHECKING:
    from medjax.share.bundle.merging import merge
    from medjax.share.bundle.packing import pack

# A receiver needs no run: what makes bundles is imported on first use.
_LATE = {"merge": "medjax.share.bundle.merging", "pack": "medjax.share.bundle.packing"}

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


def __getattr__(name: str) -> object:
    if name in _LATE:
        return getattr(importlib.import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
