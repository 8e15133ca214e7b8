"""The shape of the pixels of DICOM files, by the first element that says it."""

import numpy as np
import pytest

from medjax.data import DicomOptions
from medjax.data.pictures import dicom, pixel_shape

pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")

STORED = np.arange(30, dtype=np.uint16).reshape(6, 5)
COLOURS = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)


@pytest.mark.parametrize(
    "tags, shape",
    [
        ({"PixelSpacing": [2, 1]}, (12, 5)),
        ({"PixelSpacing": [1, 3]}, (6, 15)),
        ({"ImagerPixelSpacing": [0.3, 0.2]}, (9, 5)),
        ({"NominalScannedPixelSpacing": [1, 2]}, (6, 10)),
        ({"PixelAspectRatio": [1, 2]}, (6, 10)),
        ({"PixelSpacing": [1, 1], "PixelAspectRatio": [1, 2]}, (6, 5)),
        ({"PixelSpacing": "", "ImagerPixelSpacing": [2, 1]}, (12, 5)),
    ],
    ids=str,
)
def test_height_comes_before_width(tags, shape, write_dicom, tmp_path):
    (picture,) = dicom.read(write_dicom(tmp_path / "a.dcm", STORED, **tags), DicomOptions())
    assert picture.shown().shape == shape
    np.testing.assert_array_equal(picture.raw()[..., 0], STORED)


def test_colours_have_it_too(write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", COLOURS, PixelSpacing=[2, 1])
    (picture,) = dicom.read(path, DicomOptions())
    assert picture.shown().shape == (8, 6, 3) and picture.shown().dtype == np.uint8


@pytest.mark.parametrize("name", ["PerFrame", "Shared"])
def test_frames_have_their_own(name, write_dicom, tmp_path):
    from pydicom.dataset import Dataset

    def groups(spacing):
        measures, item = Dataset(), Dataset()
        measures.PixelSpacing, item.PixelMeasuresSequence = spacing, [measures]
        return item

    spacings = [[1, 2], [1, 1]] if name == "PerFrame" else [[1, 2]]
    tags = {f"{name}FunctionalGroupsSequence": [groups(spacing) for spacing in spacings]}
    path = write_dicom(tmp_path / "a.dcm", np.stack([STORED, STORED + 1]), **tags)
    first, second = dicom.read(path, DicomOptions(frames="all"))
    assert first.shown().shape == (6, 10)
    assert second.shown().shape == ((6, 5) if name == "PerFrame" else (6, 10))


@pytest.mark.filterwarnings("ignore")  # of pydicom, on odd values
@pytest.mark.parametrize("value", [b"a\\b ", b"2\\x ", b"nan\\1 ", b"-2\\1 ", b"2 "])
def test_a_damaged_element_leaves_pixels_as_they_are(value, write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", STORED, PixelSpacing=["22", "11"])
    old, new = b"\x06\x0022\\11 ", len(value).to_bytes(2, "little") + value
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    (picture,) = dicom.read(path, DicomOptions())
    assert picture.shown().shape == STORED.shape


@pytest.mark.parametrize(
    ("sides", "shape", "remarks"),
    [
        ([20, 1], (120, 5), ()),
        ([1, 64], (6, 320), ()),
        ([1, 65], (6, 5), (pixel_shape.TOO_LONG,)),
        ([300, 1], (6, 5), (pixel_shape.TOO_LONG,)),
    ],
)
def test_pixels_up_to_64_times_as_long_become_square(sides, shape, remarks, write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", STORED, PixelSpacing=sides)
    (picture,) = dicom.read(path, DicomOptions())
    assert picture.shown().shape == shape and picture.remarks == remarks
