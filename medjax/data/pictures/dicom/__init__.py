"""DICOM files as pictures: which files are images, and what their pixels mean."""

from medjax.data.pictures.dicom.content import SUFFIXES, is_dicom, is_image, object_kind
from medjax.data.pictures.dicom.reading import DicomOptions, channels, check, read

__all__ = [
    "SUFFIXES",
    "DicomOptions",
    "channels",
    "check",
    "is_dicom",
    "is_image",
    "object_kind",
    "read",
]
