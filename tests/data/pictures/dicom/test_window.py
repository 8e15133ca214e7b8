"""Windows of DICOM files: linear, exact and sigmoid ones, and those that are none."""

import numpy as np
import pytest

from medjax.data import DicomOptions, parse_preparation, prepare_picture
from medjax.data.pictures import dicom

pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")

STORED = np.random.default_rng(0).integers(0, 2000, (6, 5)).astype(np.int16)
pytestmark = pytest.mark.filterwarnings("ignore")  # of pydicom, on the odd files made here


def _one(path):
    (picture,) = dicom.read(path, DicomOptions())
    return picture


def test_other_windows(write_dicom, tmp_path):
    tags = {"WindowCenter": 1000, "WindowWidth": 800}
    exact = _one(write_dicom(tmp_path / "a.dcm", STORED, VOILUTFunction="LINEAR_EXACT", **tags))
    assert (exact.black, exact.white) == (600, 1400)
    sigmoid = _one(write_dicom(tmp_path / "b.dcm", STORED, VOILUTFunction="SIGMOID", **tags))
    expected = 1 / (1 + np.exp(-4 * (STORED - 1000.0) / 800))
    np.testing.assert_allclose(sigmoid.shown(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "tags",
    [{"WindowWidth": 0}, {"WindowWidth": 0.5}, {"VOILUTFunction": "LOG"}, {"WindowCenter": None}],
    ids=str,
)
def test_a_window_that_is_none_counts_as_none(write_dicom, tags, tmp_path):
    tags = {"WindowCenter": 5, "WindowWidth": 10, **tags}
    picture = _one(write_dicom(tmp_path / "a.dcm", STORED, **tags))
    assert (picture.black, picture.white) == (STORED.min(), STORED.max())
    given = prepare_picture(parse_preparation("window(1000, 500)"), picture)
    plain = _one(write_dicom(tmp_path / "b.dcm", STORED))
    np.testing.assert_array_equal(
        given, prepare_picture(parse_preparation("window(1000, 500)"), plain)
    )
