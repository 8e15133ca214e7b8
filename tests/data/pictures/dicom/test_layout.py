"""Headers of DICOM files that leave things out, or contradict themselves."""

import struct

import numpy as np
import pytest

from medjax.data import DicomOptions, Unreadable, decode_all, file_source
from medjax.data.pictures import dicom

pydicom = pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")

from pydicom import uid  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of pydicom, on the odd files made here
RNG = np.random.default_rng(0)
STORED = RNG.integers(0, 2000, (6, 5)).astype(np.uint16)
COLOURS = RNG.integers(0, 256, (4, 6, 3), np.uint8)
SYNTAXES = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian)


def _one(path):
    (picture,) = dicom.read(path, DicomOptions())
    return picture


def _reason(path):
    (result,) = decode_all([file_source(path, path.name)])
    return result.reason if isinstance(result, Unreadable) else result


def _without_word(path, name, order="<"):
    """Removes an element of 16 bits from a file, as pydicom would not write such a file."""
    tag, content = pydicom.datadict.tag_for_keyword(name), path.read_bytes()
    start = content.index(struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF))
    path.write_bytes(content[:start] + content[start + 10 :])
    return path


USUAL = ["BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"]
USUAL += ["PhotometricInterpretation"]
EMPTY = {name: "" for name in (*USUAL, "NumberOfFrames", "RescaleSlope", "RescaleIntercept")}
EMPTY |= {name: "" for name in ("WindowCenter", "WindowWidth", "VOILUTFunction")}
EMPTY |= {name: "" for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")}
EMPTY |= {name: [] for name in ("ModalityLUTSequence", "VOILUTSequence")}
EMPTY |= {f"{which}FunctionalGroupsSequence": [] for which in ("Shared", "PerFrame")}
EMPTY |= {name: b"" for name in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")}


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_element_counts_as_an_absent_one(name, syntax, write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", STORED, syntax=syntax, **{name: EMPTY[name]})
    assert dicom.channels(path) == 1
    np.testing.assert_array_equal(_one(path).shown(), _one(_plain(write_dicom, tmp_path)).shown())


def _plain(write_dicom, tmp_path):
    return write_dicom(tmp_path / "plain.dcm", STORED)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("name", USUAL)
def test_an_absent_element_has_its_usual_value(name, syntax, write_dicom, tmp_path):
    tags = {"PixelPaddingValue": int(STORED.max())}
    path = write_dicom(tmp_path / "a.dcm", STORED, syntax=syntax, **tags)
    if name in ("SamplesPerPixel", "PhotometricInterpretation"):
        write_dicom(path, STORED, syntax=syntax, without=(name,), **tags)
    else:
        _without_word(path, name, "<" if syntax.is_little_endian else ">")
    whole = write_dicom(tmp_path / "b.dcm", STORED, **tags)
    assert dicom.channels(path) == 1
    np.testing.assert_array_equal(_one(path).shown(), _one(whole).shown())


@pytest.mark.parametrize("name", ["PlanarConfiguration", "PhotometricInterpretation"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_colours_have_usual_values_too(how, name, write_dicom, tmp_path):
    given = {"without": (name,)} if how == "absent" else {name: ""}
    path = write_dicom(tmp_path / "a.dcm", COLOURS, **given)
    assert dicom.channels(path) == 3
    picture = _one(path)
    np.testing.assert_array_equal(picture.pixels, COLOURS)
    assert (picture.black, picture.white) == (0, 255)


def test_colours_imply_three_samples(write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", COLOURS, without=("SamplesPerPixel",))
    np.testing.assert_array_equal(_one(path).pixels, COLOURS)


def test_samples_have_the_last_word(write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", COLOURS, PhotometricInterpretation="MONOCHROME2")
    assert dicom.channels(path) == 3
    np.testing.assert_array_equal(_one(path).pixels, COLOURS)
    path = write_dicom(tmp_path / "b.dcm", STORED, PhotometricInterpretation="RGB")
    assert dicom.channels(path) == 1
    np.testing.assert_array_equal(_one(path).pixels, STORED)


def test_names_of_colours_have_any_case(write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", STORED, PhotometricInterpretation="monochrome1")
    assert dicom.channels(path) == 1 and _one(path).inverted


def test_the_high_bit_tells_of_absent_bits_stored(write_dicom, tmp_path):
    marked = STORED | np.uint16(0x8000)
    path = write_dicom(tmp_path / "a.dcm", marked, HighBit=11, without=("BitsStored",))
    np.testing.assert_array_equal(_one(path).pixels, STORED)


@pytest.mark.parametrize("name", ["Rows", "Columns", "BitsAllocated"])
def test_an_element_that_is_needed_is_named(name, write_dicom, tmp_path):
    path = _without_word(write_dicom(tmp_path / "a.dcm", STORED), name)
    assert _reason(path) == f"has no {name} in its header"


def test_other_reasons(write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", STORED, SamplesPerPixel=4)
    assert _reason(path) == "has neither one nor three samples a pixel"
    path = write_dicom(tmp_path / "a.dcm", COLOURS, PhotometricInterpretation="YBR_PARTIAL_420")
    assert _reason(path).startswith("has colours other than MONOCHROME1, ")
    dataset = pydicom.dcmread(_plain(write_dicom, tmp_path))
    dataset.PixelData = b""
    dataset.save_as(path)
    assert _reason(path) == "holds no pixels"
    del dataset.PixelData
    dataset.save_as(path)
    assert _reason(path) == "holds no pixels"
    del dataset.Rows
    dataset.save_as(path)
    with pytest.raises(ValueError, match="holds no pixels"):
        dicom.channels(path)


def _without_syntax(path):
    content = path.read_bytes()
    start = content.index(b"\x02\x00\x10\x00UI")
    end = start + 8 + content[start + 6]
    path.write_bytes(content[:start] + content[end:])
    return path


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_elements_tell_of_an_absent_transfer_syntax(syntax, write_dicom, tmp_path):
    path = _without_syntax(write_dicom(tmp_path / "a.dcm", STORED, syntax=syntax))
    np.testing.assert_array_equal(_one(path).pixels, STORED)


def test_an_empty_transfer_syntax_counts_as_an_absent_one(write_dicom, tmp_path):
    dataset = pydicom.dcmread(_plain(write_dicom, tmp_path))
    dataset.file_meta.TransferSyntaxUID = ""
    for implicit in (False, True):
        dataset.save_as(tmp_path / "a.dcm", implicit_vr=implicit, little_endian=True)
        np.testing.assert_array_equal(_one(tmp_path / "a.dcm").pixels, STORED)


def test_compressed_pixels_need_a_transfer_syntax(write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", STORED, coded=(uid.JPEG2000, [bytes(9999)]))
    assert _reason(_without_syntax(path)) == "is compressed, and does not say how"


@pytest.mark.parametrize("meta", [True, False])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_file_may_start_with_its_elements(syntax, meta, write_dicom, tmp_path):
    content = write_dicom(tmp_path / "a.dcm", STORED, syntax=syntax).read_bytes()
    length = int.from_bytes(content[140:144], "little")
    path = tmp_path / "b.dcm"
    path.write_bytes(content[132:] if meta else content[144 + length :])
    np.testing.assert_array_equal(_one(path).pixels, STORED)


KINDS = {
    "planes": COLOURS.transpose(2, 0, 1),
    "odd": RNG.integers(0, 256, (3, 5), np.uint8),
    "32 bits": RNG.integers(0, 2**32, (4, 4), np.uint32),
    "32 bits, signed": RNG.integers(-(2**31), 2**31, (4, 4)).astype(np.int32),
}


@pytest.mark.parametrize("syntax", [*SYNTAXES, uid.DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("kind", KINDS)
def test_other_layouts(kind, syntax, write_dicom, tmp_path):
    pixels, tags = KINDS[kind], {}
    if kind == "planes":
        tags = {"SamplesPerPixel": 3, "PlanarConfiguration": 1, "NumberOfFrames": 1}
        tags["PhotometricInterpretation"] = "RGB"
        tags["Rows"], tags["Columns"] = pixels.shape[1:]
        expected = COLOURS
    else:
        expected = pixels
    path = write_dicom(tmp_path / "a.dcm", pixels, syntax=syntax, **tags)
    np.testing.assert_array_equal(_one(path).pixels, expected)


def test_single_bits_and_floats(write_dicom, tmp_path):
    bits = RNG.integers(0, 2, (4, 5), np.uint8)
    tags = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    dataset = pydicom.dcmread(write_dicom(tmp_path / "a.dcm", bits, **tags))
    dataset.PixelData = np.packbits(bits, bitorder="little").tobytes() + b"\0"
    dataset.save_as(tmp_path / "a.dcm")
    np.testing.assert_array_equal(_one(tmp_path / "a.dcm").pixels, bits)
    floats = RNG.normal(size=(4, 5)).astype(np.float32)
    dataset = pydicom.dcmread(_plain(write_dicom, tmp_path))
    dataset.Rows, dataset.Columns, dataset.BitsAllocated = 4, 5, 32
    del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
    dataset.FloatPixelData = floats.tobytes()
    dataset.save_as(tmp_path / "b.dcm")
    np.testing.assert_array_equal(_one(tmp_path / "b.dcm").pixels, floats)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.save_as(tmp_path / "b.dcm")
    assert _reason(tmp_path / "b.dcm") == "has colours that are floats"


@pytest.mark.parametrize("extra", [1, 2, 700])
def test_bytes_after_the_pixels_are_no_pixels(extra, write_dicom, tmp_path):
    dataset = pydicom.dcmread(_plain(write_dicom, tmp_path))
    dataset.PixelData += bytes(extra + extra % 2)
    dataset.save_as(tmp_path / "a.dcm")
    np.testing.assert_array_equal(_one(tmp_path / "a.dcm").pixels, STORED)


@pytest.mark.parametrize("name", ["ExtendedOffsetTable", "ExtendedOffsetTableLengths"])
def test_half_a_table_of_offsets_counts_as_none(name, write_dicom, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", STORED, **{name: bytes(8)})
    np.testing.assert_array_equal(_one(path).pixels, STORED)


def test_frames_that_are_missing(write_dicom, tmp_path):
    frames = np.stack([STORED, STORED])
    coder = pydicom.pixels.get_encoder(uid.RLELossless)
    how = {"rows": 6, "columns": 5, "samples_per_pixel": 1, "bits_allocated": 16}
    how |= {"bits_stored": 16, "pixel_representation": 0, "number_of_frames": 1}
    coded = coder.encode(STORED.tobytes(), photometric_interpretation="MONOCHROME2", **how)
    path = write_dicom(tmp_path / "a.dcm", frames, coded=(uid.RLELossless, [coded]))
    assert _reason(path).startswith("cannot be decoded (")
    (first,) = dicom.read(path, DicomOptions(frames="first"))
    np.testing.assert_array_equal(first.pixels, STORED)
