"""Modes, depths, orientations and pages of image files."""

import struct

import numpy as np
import pytest
from PIL import Image

from medjax.data.damaged import UndecodableError
from medjax.data.pictures import imagefile

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 7), np.uint8)
COLOUR = RNG.integers(0, 256, (5, 7, 3), np.uint8)
DEEP = RNG.integers(0, 2**16, (5, 7), np.uint16)


def _read(image, path, **how):
    image.save(path, **how)
    (picture,) = imagefile.read(path)
    assert imagefile.channels(path) == (3 if picture.pixels.ndim == 3 else 1)
    return picture


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".TIFF"])
def test_bytes_are_read_as_they_are(suffix, tmp_path):
    for pixels in (GREY, COLOUR):
        picture = _read(Image.fromarray(pixels), tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(picture.pixels, pixels)
        assert (picture.black, picture.white) == (0, 255)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_kept(suffix, tmp_path):
    picture = _read(Image.fromarray(DEEP), tmp_path / f"a{suffix}")
    assert picture.pixels.dtype == np.uint16 and (picture.black, picture.white) == (0, 65535)
    assert picture.depth_unknown
    np.testing.assert_array_equal(picture.pixels, DEEP)


def test_negatives_of_sixteen_bits_are_turned(tmp_path):
    picture = _read(Image.fromarray(DEEP), tmp_path / "a.tif", tiffinfo={262: 0})
    np.testing.assert_allclose(picture.shown(), (65535 - DEEP) / 65535, atol=1e-7)


def _tiff(path, tags, pixels):
    """A TIFF of one strip, little-endian; ``tags`` are shorts by number."""
    tags = {**tags, 273: 8 + 2 + 12 * (len(tags) + 3) + 4, 278: 2**15, 279: len(pixels)}
    entries = [struct.pack("<HHIHH", tag, 3, 1, tags[tag], 0) for tag in sorted(tags)]
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    path.write_bytes(head + b"".join(entries) + bytes(4) + pixels)
    return path


def test_white_is_what_the_bits_of_a_sample_hold(tmp_path):
    values = np.array([[0, 4095, 2048, 5]], np.uint16)
    first, second = values[:, ::2], values[:, 1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1)
    tags = {256: 4, 257: 1, 258: 12, 259: 1, 262: 1, 277: 1}
    path = _tiff(tmp_path / "a.tif", tags, packed.astype(np.uint8).tobytes())
    (picture,) = imagefile.read(path)
    assert (picture.black, picture.white) == (0, 4095)
    np.testing.assert_array_equal(picture.pixels, values)


def test_negatives_of_thirty_two_bits_are_turned(tmp_path):
    pixels = np.arange(-3, 32, dtype=np.float32).reshape(5, 7)
    path = tmp_path / "a.tif"
    Image.fromarray(pixels).save(path, tiffinfo={262: 0})
    (picture,) = imagefile.read(path)
    assert (picture.black, picture.white, picture.inverted) == (-3, 31, True)
    np.testing.assert_array_equal(picture.pixels, pixels)
    np.testing.assert_allclose(picture.shown(), (31 - pixels) / 34, atol=1e-7)
    # Those of whole numbers Pillow does not read: better refused than taken for positives.
    Image.fromarray(pixels.astype(np.int32)).save(path, tiffinfo={262: 0})
    with pytest.raises(UndecodableError, match="that Pillow can read"):
        imagefile.read(path)


def test_floats_span_their_own_range(tmp_path):
    pixels = np.linspace(-3, 9, 35, dtype=np.float32).reshape(5, 7)
    picture = _read(Image.fromarray(pixels), tmp_path / "a.tif")
    assert (picture.black, picture.white) == (-3, 9)
    np.testing.assert_array_equal(picture.pixels, pixels)
    pixels[0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        _read(Image.fromarray(pixels), tmp_path / "b.tif")


def test_palettes_and_transparency(tmp_path):
    image = Image.fromarray(GREY)
    alpha = Image.fromarray(GREY // 2)
    for mode, kind in (("P", 2), ("LA", 2), ("RGBA", 3), ("1", 2)):
        changed = image.convert(mode)
        if mode in ("LA", "RGBA"):
            changed.putalpha(alpha)
        picture = _read(changed, tmp_path / f"{mode}.png")
        assert picture.pixels.ndim == kind
        if mode != "1":
            np.testing.assert_array_equal(picture.pixels.reshape(5, 7, -1)[..., 0], GREY)
    assert _read(Image.fromarray(COLOUR).convert("CMYK"), tmp_path / "c.jpg").pixels.ndim == 3


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_palettes_of_every_format(suffix, tmp_path):
    colours = Image.fromarray(COLOUR).quantize(8)
    picture = _read(colours, tmp_path / f"colours{suffix}")
    np.testing.assert_array_equal(picture.pixels, np.asarray(colours.convert("RGB")))
    greys = Image.fromarray(GREY).convert("P")
    greys.putpalette([255 - value // 3 for value in range(768)])
    picture = _read(greys, tmp_path / f"greys{suffix}")
    np.testing.assert_array_equal(picture.pixels, 255 - GREY)


def test_the_orientation_of_exif_is_applied(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # to be turned by a quarter, clockwise
    picture = _read(Image.fromarray(GREY), tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(picture.pixels, np.rot90(GREY, -1))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp"])
def test_what_is_cut_short_is_said_in_our_own_words(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(RNG.integers(0, 256, (100, 90, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(UndecodableError, match="is cut short, damaged, or compressed in a way"):
        imagefile.read(path)


def test_what_is_not_one_picture_is_refused(tmp_path):
    pages = [Image.fromarray(GREY)] * 3
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(ValueError, match="holds several pages"):
        imagefile.read(tmp_path / "a.tif")
    pages[0].save(tmp_path / "b.tga")
    (tmp_path / "b.tga").rename(tmp_path / "b.png")
    with pytest.raises(UndecodableError, match=r"is not a PNG, .* or PPM file that"):
        imagefile.read(tmp_path / "b.png")


@pytest.mark.parametrize("suffix", [".webp", ".jp2", ".j2k", ".ppm", ".gif", ".jfif", ".PNM"])
def test_other_formats_are_read_where_pillow_reads_them_exactly(suffix, tmp_path):
    lossless = {".webp": {"lossless": True}, ".jfif": {"quality": 100, "subsampling": 0}}
    for pixels in (GREY, COLOUR):
        image = Image.fromarray(pixels)
        image.save(tmp_path / f"a{suffix}", **lossless.get(suffix, {}))
        (picture,) = imagefile.read(tmp_path / f"a{suffix}")
        found = picture.pixels.reshape(5, 7, -1).astype(int)
        assert np.abs(found - pixels.reshape(5, 7, -1)).max() <= 3 * (suffix == ".jfif")
        assert (picture.black, picture.white) == (0, 255)


def test_deep_greys_of_other_formats(tmp_path):
    picture = _read(Image.fromarray(DEEP), tmp_path / "a.pgm")
    np.testing.assert_array_equal(picture.pixels, DEEP)
    assert (picture.black, picture.white) == (0, 65535) and imagefile.deep(tmp_path / "a.pgm")
    (tmp_path / "b.pgm").write_bytes(b"P5 7 5 4095\n" + (DEEP // 16).astype(">u2").tobytes())
    Image.fromarray(DEEP).save(tmp_path / "c.jp2")
    for name in ("b.pgm", "c.jp2"):
        with pytest.raises(UndecodableError, match="holds more than 8 bits a value, for which PNG"):
            imagefile.read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_moving_pictures_are_refused(name, tmp_path):
    frames = [Image.fromarray(np.roll(COLOUR, shift, 0)) for shift in range(3)]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    with pytest.raises(UndecodableError, match="holds several pages; needs one"):
        imagefile.read(tmp_path / name)


def test_greys_of_sixteen_bits_are_told_by_the_header(tmp_path):
    for name, pixels, expected in (
        ("a.png", DEEP, True),
        ("b.tif", DEEP, True),
        ("c.png", GREY, False),
        ("d.png", COLOUR, False),
        ("e.tif", DEEP.astype(np.float32), False),
    ):
        Image.fromarray(pixels).save(tmp_path / name)
        assert imagefile.deep(tmp_path / name) == expected
