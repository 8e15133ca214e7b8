"""The slope and intercept of DICOM files, whole and in part."""

import numpy as np
import pytest

from medjax.data import DicomOptions
from medjax.data.pictures import dicom

pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")

STORED = np.random.default_rng(0).integers(0, 2000, (6, 5)).astype(np.int16)
pytestmark = pytest.mark.filterwarnings("ignore")  # of pydicom, on the odd files made here


@pytest.mark.parametrize(
    "tags, expected",
    [
        ({}, STORED),
        ({"RescaleSlope": "", "RescaleIntercept": ""}, STORED),
        ({"RescaleSlope": 2, "RescaleIntercept": -1024}, 2.0 * STORED - 1024),
        ({"RescaleSlope": 2, "RescaleIntercept": ""}, 2.0 * STORED),
        ({"RescaleSlope": 2}, 2.0 * STORED),
        ({"RescaleSlope": "", "RescaleIntercept": -1024}, STORED - 1024.0),
        ({"RescaleIntercept": -1024}, STORED - 1024.0),
    ],
    ids=str,
)
def test_what_is_left_out_changes_nothing(tags, expected, write_dicom, tmp_path):
    (picture,) = dicom.read(write_dicom(tmp_path / "a.dcm", STORED, **tags), DicomOptions())
    np.testing.assert_array_equal(picture.pixels, expected)


def test_a_transform_of_a_frame_may_be_empty(write_dicom, tmp_path):
    from pydicom.dataset import Dataset

    rescale, group = Dataset(), Dataset()
    rescale.RescaleSlope, rescale.RescaleIntercept = 3, ""
    group.PixelValueTransformationSequence = [rescale]
    path = write_dicom(tmp_path / "a.dcm", STORED, SharedFunctionalGroupsSequence=[group])
    (picture,) = dicom.read(path, DicomOptions())
    np.testing.assert_array_equal(picture.pixels, 3.0 * STORED)
