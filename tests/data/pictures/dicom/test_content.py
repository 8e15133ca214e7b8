"""DICOM files are told by their first bytes, whatever their names are."""

import os

import numpy as np
import pytest

from medjax.data import decode_all, file_source
from medjax.data.pictures import decoding, dicom
from medjax.data.pictures.dicom import content

pydicom = pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")

from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402

STORED = np.arange(30, dtype=np.uint16).reshape(6, 5)
SYNTAXES = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian)


@pytest.mark.parametrize(
    "name",
    [
        *("IM000001", "a.IMA", "a.DCM", "a.Dicom", "a.img", "image.0001", "1.2.840.113619.2.55.3"),
        *("MR.1.2.3.45", "scan 7", "I7.", "a.dat"),
    ],
)
def test_names_do_not_matter(name, write_dicom, tmp_path):
    path = write_dicom(tmp_path / name, STORED)
    assert decoding.is_picture(path)
    ((picture,),) = decode_all([file_source(path, name)])
    np.testing.assert_array_equal(picture.pixels, STORED)


@pytest.mark.parametrize("name", ["a.csv", "a.TXT", "a.json", "a.tar.gz"])
def test_files_of_other_kinds_are_not_opened(name, write_dicom, tmp_path):
    assert not decoding.is_picture(write_dicom(tmp_path / name, STORED))


def _elements(path):
    """What stands behind the group of the syntax."""
    content = path.read_bytes()
    return content[144 + int.from_bytes(content[140:144], "little") :]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("first", [{}, {"SOPClassUID": uid.CTImageStorage}])
def test_the_preamble_may_be_missing(first, syntax, write_dicom, tmp_path):
    path = write_dicom(tmp_path / "IM0", STORED, syntax=syntax, **first)
    whole = path.read_bytes()
    path.write_bytes(_elements(path))
    assert decoding.is_picture(path)
    path.write_bytes(whole[132:])
    assert decoding.is_picture(path)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\x08", b"\x08\0\x05\0", bytes(500), b"DICM" + bytes(500), b"\x89PNG\r\n" * 50),
        *(b"just words " * 50, b"\0\0\x08\x03\0\0\xea\x60\0\0\0\x1c\0\0\0\x1c" + bytes(500)),
        np.arange(500, dtype="<i4").tobytes(),
        np.arange(500, dtype="<i2").tobytes(),
        # Tags that do not ascend, groups that come later, and a length beyond the first bytes.
        b"\x08\0\0\0\x04\0\0\0abcd" * 20,
        b"\x07\0\0\0\x04\0\0\0abcd\x09\0\0\0\x04\0\0\0abcd" + bytes(500),
        b"\x08\0\0\0\x04\0\0\0abcd\x08\0\x01\0\x88\x13\0\0" + bytes(500),
        *(np.random.default_rng(seed).bytes(500) for seed in range(20)),
    ],
)
def test_what_starts_otherwise_is_none(content, tmp_path):
    for name in ("IM0", "a.dcm"):
        (tmp_path / name).write_bytes(content)
    assert not decoding.is_picture(tmp_path / "IM0")
    assert decoding.is_picture(tmp_path / "a.dcm")  # its name says so, and it is damaged
    with pytest.raises(ValueError, match="is no DICOM file: it has no 'DICM'"):
        dicom.channels(tmp_path / "a.dcm")


def _of_class(path, name, *, syntax=uid.ExplicitVRLittleEndian, meta=True):
    """An object without pixels."""
    dataset, dataset.file_meta = Dataset(), FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = name
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3"
    dataset.SpecificCharacterSet, dataset.InstanceNumber = "ISO_IR 100", 1
    dataset.save_as(path, enforce_file_format=True)
    if not meta:
        path.write_bytes(_elements(path))
    return path


def _index(path, *, meta=True):
    dataset, dataset.file_meta = Dataset(), FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.FileSetID, dataset.FileSetConsistencyFlag = "CD", 0
    dataset.save_as(path, enforce_file_format=True)
    if not meta:
        path.write_bytes(_elements(path))
    return path


@pytest.mark.parametrize("meta", [True, False])
@pytest.mark.parametrize("name", ["DICOMDIR", "dicomdir", "index.dcm", "DICOMDIR.DCM", "IM000000"])
def test_an_index_is_no_image_whatever_its_name_is(name, meta, tmp_path):
    assert not decoding.is_picture(_index(tmp_path / name, meta=meta))


NO_IMAGES = [
    *(uid.SegmentationStorage, uid.RTDoseStorage, uid.ParametricMapStorage),
    *(uid.BasicTextSRStorage, uid.KeyObjectSelectionDocumentStorage, uid.EncapsulatedPDFStorage),
    *(uid.GrayscaleSoftcopyPresentationStateStorage, uid.RTStructureSetStorage, uid.RTPlanStorage),
    *(uid.RawDataStorage, uid.SpatialRegistrationStorage, uid.TwelveLeadECGWaveformStorage),
    *("1.3.12.2.1107.5.9.1", uid.MRSpectroscopyStorage),
]
IMAGES = [
    *(uid.CTImageStorage, uid.RTImageStorage, uid.EnhancedCTImageStorage),
    *(uid.SecondaryCaptureImageStorage, uid.PositronEmissionTomographyImageStorage),
    *(uid.DigitalXRayImageStorageForPresentation, uid.MRImageStorage, "1.2.3.4"),
]


@pytest.mark.parametrize("meta", [True, False])
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    "name, expected",
    [*((name, False) for name in NO_IMAGES), *((name, True) for name in IMAGES)],
)
def test_the_class_tells_what_is_an_image(name, expected, syntax, meta, tmp_path):
    """An image that has lost its pixels is one that is damaged."""
    path = _of_class(tmp_path / "OT000001", name, syntax=syntax, meta=meta)
    for other in ("OT000002", "a.dcm"):
        path = path.rename(tmp_path / other)
        assert decoding.is_picture(path) is expected
        assert decoding.object_kind(path).startswith("DICOM ") is not expected


def test_only_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "gone.dcm").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    found = {x.name for x in tmp_path.iterdir() if decoding.is_picture(x)}
    assert found == {"gone.dcm"}


def test_a_file_that_cannot_be_opened_is_left_to_the_decoder(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "IM0").touch()
    monkeypatch.setattr(content, "open", refuse, raising=False)
    assert decoding.is_picture(tmp_path / "IM0")
