"""Look-up tables of DICOM files: of any depth, byte order and first value."""

import numpy as np
import pytest

from medjax.data import DicomOptions, Unreadable, decode_all, file_source
from medjax.data.pictures import dicom

pydicom = pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")

from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of pydicom, on the odd files made here
SEQUENCES = ("ModalityLUTSequence", "VOILUTSequence")
STORED = np.arange(36, dtype=np.uint16).reshape(6, 6) * 7  # 0–245


def _one(path):
    (picture,) = dicom.read(path, DicomOptions())
    return picture


def _table(entries, bits, *, first=0, kind="US", count=None):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries) if count is None else count, first, bits])
    item.add_new("LUTData", kind, entries if kind == "US" else bytes(entries))
    return [item]


def _entries(bits, count=256):
    return [(place * place) % 2**bits for place in range(count)]


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("bits", [*range(8, 17), 3])
def test_tables_have_any_depth(bits, sequence, write_dicom, tmp_path):
    entries = _entries(bits)
    picture = _one(write_dicom(tmp_path / "a.dcm", STORED, **{sequence: _table(entries, bits)}))
    np.testing.assert_array_equal(picture.pixels, np.array(entries)[STORED])
    if sequence == "VOILUTSequence":
        assert (picture.black, picture.white) == (0, 2**bits - 1)
        np.testing.assert_array_equal(picture.values, STORED)


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
@pytest.mark.parametrize("bits", [8, 12])
def test_entries_may_be_bytes_of_either_order(bits, syntax, sequence, write_dicom, tmp_path):
    """8 bits may fill bytes, or half of each word."""
    little = syntax == uid.ExplicitVRLittleEndian
    entries = np.array(_entries(bits))
    words = [entries.astype("<u2" if little else ">u2").tobytes()]
    if bits == 8:
        packed = entries.astype(np.uint8).tobytes()
        words.append(packed if little else np.frombuffer(packed, "<u2").astype(">u2").tobytes())
    for content in words:
        table = _table(content, bits, kind="OW", count=len(entries))
        path = write_dicom(tmp_path / "a.dcm", STORED, syntax=syntax, **{sequence: table})
        np.testing.assert_array_equal(_one(path).pixels, entries[STORED])


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_values_beyond_a_table_have_its_ends(sequence, write_dicom, tmp_path):
    entries = [500, 600, 700]
    stored = np.arange(16, dtype=np.uint8).reshape(4, 4)
    path = write_dicom(tmp_path / "a.dcm", stored, **{sequence: _table(entries, 10, first=7)})
    expected = [500] * 8 + [600] + [700] * 7
    np.testing.assert_array_equal(_one(path).pixels.ravel(), expected)


def test_a_table_may_have_all_entries_that_its_description_can_count(write_dicom, tmp_path):
    content = np.arange(2**16, dtype="<u2")[::-1].tobytes()
    table = _table(content, 16, kind="OW", count=0)
    path = write_dicom(tmp_path / "a.dcm", STORED, ModalityLUTSequence=table)
    np.testing.assert_array_equal(_one(path).pixels, 65535 - STORED)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_the_first_value_may_be_negative(sequence, syntax, write_dicom, tmp_path):
    stored = STORED.astype(np.int16) - 100
    table = _table(_entries(12), 12, first=65536 - 100)
    path = write_dicom(tmp_path / "a.dcm", stored, syntax=syntax, **{sequence: table})
    np.testing.assert_array_equal(_one(path).pixels, np.array(_entries(12))[STORED])


@pytest.mark.parametrize("intercept, first", [(-100, 65536 - 100), (40000, 40000)])
def test_a_voi_table_follows_the_units_of_the_modality(intercept, first, write_dicom, tmp_path):
    tags = {"RescaleSlope": 1, "RescaleIntercept": intercept}
    table = _table(_entries(12), 12, first=first)
    path = write_dicom(tmp_path / "a.dcm", STORED, VOILUTSequence=table, **tags)
    np.testing.assert_array_equal(_one(path).pixels, np.array(_entries(12))[STORED])


@pytest.mark.parametrize("missing", ["LUTData", "LUTDescriptor"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_a_table_without_entries_or_description_counts_as_none(how, missing, write_dicom, tmp_path):
    tables = {}
    for sequence in SEQUENCES:
        (item,) = _table(_entries(12), 12)
        item[missing].value = None
        if how == "absent":
            del item[missing]
        tables[sequence] = [item]
    tags = {"RescaleSlope": 2, "RescaleIntercept": 5, "WindowCenter": 100, "WindowWidth": 51}
    picture = _one(write_dicom(tmp_path / "a.dcm", STORED, **tables, **tags))
    np.testing.assert_array_equal(picture.pixels, 2 * STORED + 5)
    assert (picture.black, picture.white) == (100 - 25.5, 100 + 24.5)


DAMAGED = {
    "has a look-up table with fewer entries than it says": {"count": 3000},
    "has a look-up table with entries of other than 1 to 16 bits": {"bits": 17},
    "has a look-up table without a description": {"descriptor": [256, 0]},
}


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("reason", DAMAGED)
def test_damaged_tables_have_a_reason(reason, sequence, write_dicom, tmp_path):
    how = dict(DAMAGED[reason])
    descriptor, bits = how.pop("descriptor", None), how.pop("bits", 12)
    table = _table(_entries(12), bits, **how)
    if descriptor:
        table[0].LUTDescriptor = descriptor
    path = write_dicom(tmp_path / "a.dcm", STORED, **{sequence: table})
    (result,) = decode_all([file_source(path, path.name)])
    assert result == Unreadable("a.dcm", reason)


def _palette(bits, entries, *, first=0, kind="OW"):
    tags = {}
    for number, colour in enumerate(("Red", "Green", "Blue")):
        name = f"{colour}PaletteColorLookupTable"
        tags[f"{name}Descriptor"] = [entries.shape[1], first, bits]
        tags[f"{name}Data"] = entries[number].tobytes()
    return tags | {"PhotometricInterpretation": "PALETTE COLOR"}


COLOURS = np.stack([np.arange(256), np.arange(256)[::-1], np.arange(256) // 2])


@pytest.mark.parametrize(
    "bits, kind, factor, white",
    [
        *((8, "u1", 1, 255), (16, "<u2", 257, 65535)),
        *((8, "<u2", 1, 255), (8, "<u2", 257, 65535), (16, "u1", 1, 255)),
    ],
)
def test_palettes_of_bytes_and_of_words(bits, kind, factor, white, write_dicom, tmp_path):
    """Some have bytes in words, and some have bytes or words and say the other."""
    tags = _palette(bits, (factor * COLOURS).astype(kind))
    path = write_dicom(tmp_path / "a.dcm", STORED.astype(np.uint8), **tags)
    picture = _one(path)
    assert dicom.channels(path) == 3 and (picture.black, picture.white) == (0, white)
    np.testing.assert_array_equal(picture.pixels, factor * np.moveaxis(COLOURS[:, STORED], 0, -1))


def test_a_palette_of_bytes_with_more_entries_than_bytes_can_count(write_dicom, tmp_path):
    entries = np.tile(COLOURS, 2)[:, :300].astype(np.uint8)
    path = write_dicom(tmp_path / "a.dcm", STORED + np.uint16(50), **_palette(8, entries))
    expected = np.moveaxis(entries[:, STORED + 50], 0, -1)
    np.testing.assert_array_equal(_one(path).pixels, expected)
