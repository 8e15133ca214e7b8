"""Files of 16 bits a value that Pillow reads as 8: colours, and greys with an alpha."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from medjax import data
from medjax.data.pictures import imagefile
from medjax.data.pictures.sixteen_bits import is_halved

RNG = np.random.default_rng(0)
PNG_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}


def png(values):
    """Returns a PNG of uint16 ``[h, w, c]``."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(kind, content):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 16, PNG_KINDS[channels], 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def tiff(values, order, *, packed):
    """Returns a TIFF of uint16 ``[h, w, c]`` in strips of two rows, deflated if ``packed``."""
    height, width, channels = values.shape
    strips = [values[i : i + 2].astype(f"{order}u2").tobytes() for i in range(0, height, 2)]
    strips = [zlib.compress(strip) for strip in strips] if packed else strips
    body, offsets = b"", []
    for strip in strips:
        offsets.append(8 + len(body))
        body += strip + bytes(len(strip) % 2)
    tags = {
        **{256: [width], 257: [height], 258: [16] * channels, 259: [8 if packed else 1]},
        **{262: [2], 273: offsets, 277: [channels], 278: [2], 279: [len(x) for x in strips]},
        **({338: [2]} if channels == 4 else {}),
    }
    directory, extra = struct.pack(f"{order}H", len(tags)), b""
    behind = 8 + len(body) + 2 + 12 * len(tags) + 4
    for tag, numbers in tags.items():
        content = struct.pack(f"{order}{len(numbers)}I", *numbers)
        place = content
        if len(content) > 4:
            place, extra = struct.pack(f"{order}I", behind + len(extra)), extra + content
        directory += struct.pack(f"{order}HHI", tag, 4, len(numbers)) + place
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(f"{order}I", 8 + len(body))
    return head + body + directory + bytes(4) + extra


FILES = {
    "png": png,
    "little.tif": lambda values: tiff(values, "<", packed=False),
    "big.tif": lambda values: tiff(values, ">", packed=False),
    "packed.tif": lambda values: tiff(values, "<", packed=True),
    "big-packed.tif": lambda values: tiff(values, ">", packed=True),
}


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("kind", FILES)
def test_colours_keep_sixteen_bits(kind, channels, tmp_path):
    values = RNG.integers(0, 65536, (7, 5, channels)).astype(np.uint16)
    file = tmp_path / f"a.{kind}"
    file.write_bytes(FILES[kind](values))
    (picture,) = imagefile.read(file)
    np.testing.assert_array_equal(picture.pixels, values[..., :3])
    assert (picture.black, picture.white, picture.depth_unknown) == (0, 65535, True)
    assert imagefile.channels(file) == 3 and imagefile.deep(file)


def test_greys_with_an_alpha_are_greys_of_sixteen_bits(tmp_path):
    values = RNG.integers(0, 65536, (7, 5, 2)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(png(values))
    (picture,) = imagefile.read(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.pixels, values[..., 0])
    assert imagefile.channels(tmp_path / "a.png") == 1 and imagefile.deep(tmp_path / "a.png")


def test_orientation_and_large_texts(tmp_path):
    values = RNG.integers(0, 65536, (7, 5, 3)).astype(np.uint16)
    content = png(values)
    exif = Image.Exif()
    exif[274] = 6  # a quarter turn
    pieces = {b"eXIf": exif.tobytes()[6:], b"tEXt": b"a\0" + b"x" * 2**21}
    for kind, piece in pieces.items():
        checksum = struct.pack(">I", zlib.crc32(kind + piece))
        chunk = struct.pack(">I", len(piece)) + kind + piece + checksum
        content = content[:33] + chunk + content[33:]
    (tmp_path / "a.png").write_bytes(content)
    (picture,) = imagefile.read(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.pixels, np.rot90(values, -1))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "I;16"])
def test_other_files_are_left_to_pillow(mode):
    stream = io.BytesIO()
    Image.new(mode, (4, 3)).save(stream, "PNG")
    assert not is_halved(Image.open(stream))


@pytest.mark.parametrize("cut", [60, 300])
def test_a_damaged_file_is_unreadable(cut, tmp_path):
    content = png(RNG.integers(0, 65536, (20, 20, 3)).astype(np.uint16))
    (tmp_path / "a.png").write_bytes(content[:cut])
    (result,) = data.decode_all([data.file_source(tmp_path / "a.png", "a.png")])
    assert isinstance(result, data.Unreadable) and "cut short" in result.reason


@pytest.fixture
def sets(tmp_path, monkeypatch):
    """Makes the folder of a set from uint16 pictures."""
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))

    def make(name, pictures, kind="png"):
        for number, values in enumerate(pictures):
            file = tmp_path / name / "ab"[number % 2] / f"{number:02}.{kind}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(FILES[kind](values))
        return f"folder:{tmp_path / name}"

    return make


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_a_set_is_scaled_by_the_bits_that_it_uses(channels, bits, sets, caplog):
    shape = (20, 8, 8, channels)
    whole = RNG.integers(0, 256, shape).astype(np.uint16)
    whole[:, 0, 0] = 255
    white = 2**bits - 1
    dark = np.rint(whole / 255 * white).astype(np.uint16)
    bright = data.load(sets("bright", whole * 257), size=8)
    found = data.load(sets("dark", dark), size=8)
    assert str(found.preparation).startswith(f"depth(bits={bits})")
    assert found.train.images.shape[-1] == (1 if channels == 2 else 3)
    far = found.train.images.astype(int) - bright.train.images
    assert np.abs(far).max() <= 1
    assert any(f"values of 16 bits use {bits}: {white}" in line for line in caplog.messages)


def test_colours_of_twelve_bits_are_told_by_their_own_range(sets):
    grey = np.repeat(RNG.integers(0, 4096, (20, 8, 8, 1)), 3, axis=3).astype(np.uint16)
    grey[:, 0, 0] = 4095
    assert data.load(sets("grey", grey), size=8).train.images.shape[-1] == 1
    grey[:, 1, 1] = 4000, 3000, 4000  # of 65535 nothing
    assert data.load(sets("coloured", grey), size=8).train.images.shape[-1] == 3
    window = data.parse_preparation("window(2047.5, 4095)")
    windowed = data.load(sets("window", grey), size=8, preparation=window)
    assert windowed.train.images.shape[-1] == 3 and windowed.train.images.max() == 255


def test_colours_of_all_sixteen_bits_are_as_bytes(sets):
    values = RNG.integers(0, 256, (20, 8, 8, 3)).astype(np.uint16) * 257
    found = data.load(sets("set", values), size=8)
    assert str(found.preparation).startswith("rgb|")
    rows = np.sort(found.train.images.reshape(len(found.train), -1).sum(1))
    assert set(rows.tolist()) <= set((values // 257).reshape(20, -1).sum(1).tolist())
