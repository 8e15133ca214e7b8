"""How a user's own pictures are read: the options of all kinds of sources."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from medjax.data.pictures.conversion import ConvertOptions
from medjax.data.pictures.dicom import DicomOptions
from medjax.data.pictures.listing.entry import FolderOptions
from medjax.data.pictures.nifti import NiftiOptions
from medjax.data.pictures.tfds import TfdsOptions
from medjax.data.splitting import CutOptions


class Sources(NamedTuple):
    """How sets other than npz files are read.

    Attributes:
      folder: how the class of a file of ``folder:PATH`` is found.
      dicom: how DICOM files in folders are read.
      nifti: which slices of NIfTI files in folders are read.
      tfds: which part of ``tfds:NAME`` is read.
      cut: how sets without splits are cut.
      convert: how pictures become images of one size.
    """

    folder: FolderOptions = FolderOptions()
    dicom: DicomOptions = DicomOptions()
    nifti: NiftiOptions = NiftiOptions()
    tfds: TfdsOptions = TfdsOptions()
    cut: CutOptions = CutOptions()
    convert: ConvertOptions = ConvertOptions()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Sources":
        """Returns the options of settings whose keys are the names of the attributes."""
        kinds = cls._field_defaults.items()
        return cls(**{name: type(default)(**settings.get(name, {})) for name, default in kinds})

    def asdict(self) -> dict[str, dict[str, Any]]:
        """Returns the options as settings that ``Sources.of`` takes."""
        return {name: options._asdict() for name, options in self._asdict().items()}
