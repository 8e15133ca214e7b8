"""PNG files without their texts: the same pixels, turned the same way."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from medjax.data.damaged import UndecodableError
from medjax.data.pictures import imagefile, png_chunks

PIXELS = np.arange(35, dtype=np.uint8).reshape(5, 7)
LARGE = "x" * 2**21


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.png"


def _save(path, texts=(), **how):
    info = PngImagePlugin.PngInfo()
    for keyword, text in texts:
        info.add_text(keyword, text, zip=True)
    Image.fromarray(PIXELS).save(path, pnginfo=info, **how)


def test_texts_and_profile_go_and_the_rest_stays(path):
    _save(path)
    plain = path.read_bytes()
    _save(path, [("Comment", "x"), ("Author", LARGE)], icc_profile=bytes(2000))
    assert b"iCCP" in path.read_bytes() and b"zTXt" in path.read_bytes()
    assert png_chunks.without_texts(path).getvalue() == plain


def test_other_files_are_left_alone(path):
    path.write_bytes(b"GIF89a")
    assert png_chunks.without_texts(path) is None
    with path.open("ab") as stream:
        stream.truncate(2**26)
    tracemalloc.start()
    assert png_chunks.without_texts(path) is None
    assert tracemalloc.get_traced_memory()[1] < 2**20  # it is not read
    tracemalloc.stop()


def test_a_file_is_tried_without_texts_only_where_it_fails(path, monkeypatch):
    tried = []
    true = png_chunks.without_texts
    monkeypatch.setattr(png_chunks, "without_texts", lambda file: tried.append(file) or true(file))
    _save(path, [("Comment", "x")])
    imagefile.read(path)
    assert not tried
    _save(path, [("Comment", LARGE)])
    (picture,) = imagefile.read(path)
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    assert imagefile.channels(path) == 1 and len(tried) == 3 - 1
    assert PngImagePlugin.MAX_TEXT_CHUNK < 2**21  # no limit of Pillow's was changed


@pytest.mark.parametrize("keyword", ["XML:com.adobe.xmp", "Raw profile type exif"])
def test_the_orientation_is_kept(path, keyword):
    exif = Image.Exif()
    exif[274] = 6
    data = exif.tobytes()
    texts = {
        "XML:com.adobe.xmp": '<x tiff:Orientation="6"/>',
        "Raw profile type exif": f"\nexif\n{len(data):8}\n{data.hex()}\n",
    }
    _save(path, [("Comment", LARGE), (keyword, texts[keyword])])
    (picture,) = imagefile.read(path)
    np.testing.assert_array_equal(picture.pixels, np.rot90(PIXELS, -1))


def test_an_orientation_that_cannot_be_read_is_not_passed_over(path):
    _save(path, [("XML:com.adobe.xmp", LARGE)])
    content = path.read_bytes()
    assert b"zTXt" in content
    with pytest.raises(UndecodableError):
        imagefile.read(path)


def test_damaged_pixels_are_damaged_with_or_without_texts(path):
    _save(path, [("Comment", LARGE)])
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 6] ^= 255
    path.write_bytes(content)
    with pytest.raises(UndecodableError):
        imagefile.read(path)
