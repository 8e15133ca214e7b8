"""Frames of DICOM files: which bits are values, and how colours are coded, in every compression."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from medjax.data import DicomOptions
from medjax.data.pictures import dicom

pydicom = pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")
pytest.importorskip("libjpeg", reason="needs pip install -e '.[dicom]'")

from pydicom import uid  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of pydicom, on the odd files made here
ROWS, COLUMNS = np.mgrid[:8, :8]
GREY = (113 * ROWS + 400 * COLUMNS).astype(np.uint16)  # 12 bits
SIGNED = GREY.astype(np.int16) - 2000
OVERLAY = np.where(ROWS % 2 == 0, 0x8000, 0).astype(np.uint16)
TWELVE = {"BitsStored": 12, "HighBit": 11}
# JPEG-LS of GREY, of GREY | OVERLAY, of the low 12 bits of SIGNED, and of GREY to within 3.
JPEG_LS = {
    "plain": (
        "|JeWc01FHN2mlBH0TBTI+5iXv0RR910DuDc0ACT-HpW=H6&Qvm19`aGYz#vaS*X%zGntMD11XTkVlbEu=JNS"
        "?x?C-mjmF~1V6Ijwl?|rSnMk5gCzFka!f7y;N+gmEVE@?"
    ),
    "overlay": (
        "|JeWc01FTR2mlBH0TBTI_y7$7|Nj6I07C&306_oR00;pA000000000000IAg@%}r;_|F$&tV{p^00007{Bi("
        "55Cj4N0Du4h00000KjV;OP{<*VMmZSNV;q17<nRax2nYxW0sc1_#A4BkMkN@8Vcd8J<}eTt5FkK+ALB8HMj0"
        "4XVG)By3C93_cLD?m5FkJR|Je"
    ),
    "signed": (
        "|JeWc01FHN2mlBH0TBTI+5iXv0RR910000003V$I3*tJ)*vl7K`xO|5Cj)q4fZP~{CevZ8-+`#$a5S0>=Iji"
        "{^LdoWV>ZA80};5~VK5soUoRU?rPATA1+vkw*jX$ZuvaS@!2j6"
    ),
    "near": (
        "|JeWc01FHN2mlBH0TBTI+5iXv0RRI40DwdUTwGjR+(-~0K!d~x5Fqo<JmCTkJmZcyK!c4q(@hW{!%Q&44?M!"
        "mFtWr5EV7C$qrm^!"
    ),
    "colours": (
        "|JeWc01*fP2mlBJ0TBQK5dZ@b0RP$m3<CiG0ssR500IC=000Yg0003ykpKVzI+R9fBKDD7NS>refGP*%oUK;"
        "9c<~@Q1jmluyLRnIBCXrEPM&#PNY6a;&pg~+o_Xh8b+)p)>#n-%X;pRCU3J#~*#"
    ),
}


def _pixels(path, frames="middle"):
    (picture,) = dicom.read(path, DicomOptions(frames=frames))
    return picture.pixels


def _jpeg_2000(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    return stream.getvalue()


def _rle(pixels):
    return pydicom.pixels.get_encoder(uid.RLELossless).encode(
        pixels.tobytes(),
        rows=8,
        columns=8,
        samples_per_pixel=1,
        bits_allocated=16,
        bits_stored=16,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
        number_of_frames=1,
    )


CODES = {
    "RLE": (uid.RLELossless, _rle),
    "JPEG 2000": (uid.JPEG2000Lossless, _jpeg_2000),
    "JPEG lossless": (uid.JPEGLosslessSV1, None),
    "uncompressed": None,
}


@pytest.mark.parametrize("stored", [GREY, SIGNED], ids=["unsigned", "signed"])
@pytest.mark.parametrize("code", CODES)
def test_bits_above_those_stored_are_cut(code, stored, write_dicom, lossless_jpeg, tmp_path):
    """The high bits of signed values are their sign, and an overlay stands there too."""
    marked = (stored.astype(np.uint16) & 0xFFF) | OVERLAY
    coded = None
    if CODES[code]:
        syntax, encode = CODES[code]
        encode = encode or (lambda pixels: lossless_jpeg(pixels, 16))
        coded = syntax, [encode(marked)]
    path = write_dicom(tmp_path / "a.dcm", marked.view(stored.dtype), coded=coded, **TWELVE)
    np.testing.assert_array_equal(_pixels(path), stored)


@pytest.mark.parametrize("name", ["plain", "overlay", "signed"])
def test_jpeg_ls(name, write_dicom, tmp_path):
    expected = SIGNED if name == "signed" else GREY
    coded = uid.JPEGLSLossless, [base64.b85decode(JPEG_LS[name])]
    path = write_dicom(tmp_path / "a.dcm", expected, coded=coded, **TWELVE)
    np.testing.assert_array_equal(_pixels(path), expected)


def test_near_lossless_jpeg_ls_is_as_near_as_it_says(write_dicom, tmp_path):
    coded = uid.JPEGLSNearLossless, [base64.b85decode(JPEG_LS["near"])]
    found = _pixels(write_dicom(tmp_path / "a.dcm", GREY, coded=coded, **TWELVE))
    assert 0 < np.abs(found.astype(int) - GREY).max() <= 3


def test_colours_in_jpeg_ls(write_dicom, tmp_path):
    colours = np.stack([30 * ROWS, 30 * COLUMNS, 200 - 10 * ROWS], -1).astype(np.uint8)
    coded = uid.JPEGLSLossless, [base64.b85decode(JPEG_LS["colours"])]
    path = write_dicom(tmp_path / "a.dcm", colours, coded=coded)
    np.testing.assert_array_equal(_pixels(path), colours)


@pytest.mark.parametrize("stored", [GREY, SIGNED], ids=["unsigned", "signed"])
def test_values_may_stand_in_the_high_bits(stored, write_dicom, tmp_path):
    moved = (stored << 4) | np.where(ROWS % 2 == 0, 5, 0).astype(stored.dtype)
    path = write_dicom(tmp_path / "a.dcm", moved, BitsStored=12, HighBit=15)
    np.testing.assert_array_equal(_pixels(path), stored)


def test_dark_values_may_stand_in_the_high_bits(write_dicom, tmp_path):
    dark = GREY // 40
    path = write_dicom(tmp_path / "a.dcm", dark << 4, BitsStored=12, HighBit=15)
    np.testing.assert_array_equal(_pixels(path), dark)


@pytest.mark.parametrize("stored", [GREY, SIGNED], ids=["unsigned", "signed"])
@pytest.mark.parametrize("high", [0, 15, 40])
def test_values_that_stand_in_the_low_bits_belie_another_high_bit(
    high, stored, write_dicom, tmp_path
):
    path = write_dicom(tmp_path / "a.dcm", stored, BitsStored=12, HighBit=high)
    np.testing.assert_array_equal(_pixels(path), stored)


def test_padding_is_found_below_an_overlay(write_dicom, tmp_path):
    stored = GREY.copy()
    stored[0] = 7
    path = write_dicom(tmp_path / "a.dcm", stored | OVERLAY, PixelPaddingValue=7, **TWELVE)
    (picture,) = dicom.read(path, DicomOptions())
    np.testing.assert_array_equal(picture.padding, stored == 7)


SMOOTH = np.stack([10 * (ROWS + COLUMNS), 25 * ROWS + 40, 200 - 20 * COLUMNS], -1)
SMOOTH = np.kron(SMOOTH, np.ones((4, 4, 1))).astype(np.uint8)


def _jpeg(*, marks=True, **how):
    stream = io.BytesIO()
    Image.fromarray(SMOOTH).save(stream, "JPEG", quality=95, **how)
    content = stream.getvalue()
    while not marks and content[2:4] in (b"\xff\xe0", b"\xff\xee"):
        content = content[:2] + content[4 + int.from_bytes(content[4:6], "big") :]
    return content


def _of_adobe(content, transform):
    mark = b"Adobe" + bytes([0, 100, 0, 0, 0, 0, transform])
    return content[:2] + b"\xff\xee" + (len(mark) + 2).to_bytes(2, "big") + mark + content[2:]


PLAIN = {"marks": False, "subsampling": "4:4:4"}


def _named_by_numbers():
    """RGB of which neither marks nor the names of the components tell."""
    return (
        _jpeg(marks=False, keep_rgb=True)
        .replace(b"R\x11\x00G\x11\x00B", b"\1\x11\0\2\x11\0\3")
        .replace(b"R\x00G\x00B\x00", b"\1\0\2\0\3\0")
    )


JPEGS = {
    "halved colours": (_jpeg(marks=False, subsampling="4:2:0"), ("RGB", "YBR_FULL_422", None)),
    "JFIF": (_jpeg(subsampling="4:4:4"), ("RGB", "YBR_FULL", None)),
    "Adobe says YCbCr": (_of_adobe(_jpeg(**PLAIN), 1), ("RGB", "YBR_FULL", None)),
    "no marks, YCbCr": (_jpeg(**PLAIN), ("YBR_FULL", None)),
    "Adobe says RGB": (_of_adobe(_named_by_numbers(), 0), ("RGB", "YBR_FULL", None)),
    "R, G and B": (_jpeg(marks=False, keep_rgb=True), ("RGB", "YBR_FULL_422", None)),
    "no marks, RGB": (_named_by_numbers(), ("RGB",)),
}


@pytest.mark.parametrize(
    "name, header", [(name, header) for name, (_, headers) in JPEGS.items() for header in headers]
)
@pytest.mark.parametrize("decoders", ["all", "Pillow alone"])
def test_a_jpeg_says_how_its_colours_are_coded(name, header, decoders, write_dicom, tmp_path):
    coded = uid.JPEGBaseline8Bit, [JPEGS[name][0]]
    told = {"PhotometricInterpretation": header} if header else {}
    without = () if header else ("PhotometricInterpretation",)
    path = write_dicom(tmp_path / "a.dcm", SMOOTH, coded=coded, without=without, **told)
    decoder = pydicom.pixels.get_decoder(uid.JPEGBaseline8Bit)
    if decoders != "all":
        decoder.remove_plugin("pylibjpeg")
    try:
        found = _pixels(path)
    finally:
        if decoders != "all":
            decoder.add_plugin("pylibjpeg", ("pydicom.pixels.decoders.pylibjpeg", "_decode_frame"))
    assert dicom.channels(path) == 3
    assert np.abs(found.astype(int) - SMOOTH).mean() < 4


@pytest.mark.parametrize("planar", [0, 1])
def test_compressed_colours_have_no_planes(planar, write_dicom, tmp_path):
    for syntax, coded in ((uid.JPEGBaseline8Bit, _jpeg()), (uid.JPEG2000, _jpeg_2000(SMOOTH))):
        path = tmp_path / f"{planar}.dcm"
        write_dicom(path, SMOOTH, coded=(syntax, [coded]), PlanarConfiguration=planar)
        assert np.abs(_pixels(path).astype(int) - SMOOTH).mean() < 4


@pytest.mark.parametrize("header", ["RGB", "YBR_RCT", None])
def test_jpeg_2000_turns_its_colours_itself(header, write_dicom, tmp_path):
    coded = uid.JPEG2000Lossless, [_jpeg_2000(SMOOTH)]
    told = {"PhotometricInterpretation": header} if header else {}
    without = () if header else ("PhotometricInterpretation",)
    path = write_dicom(tmp_path / "a.dcm", SMOOTH, coded=coded, without=without, **told)
    np.testing.assert_array_equal(_pixels(path), SMOOTH)
