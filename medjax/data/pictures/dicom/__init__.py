"""DICOM files as pictures: which files are images, and what their pixels mean."""

from medjax.data.pictures.dicom.content import SUFFIXES, is_image
from medjax.data.pictures.dicom.reading import DicomOptions, channels, check, read

__all__ = ["SUFFIXES", "DicomOptions", "channels", "check", "is_image", "read"]
