"""Picture files as people have them: colours, depths, chunks, pages, slices."""

import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from medjax import data


def _files(folder, suffix="png"):
    return sorted(folder.rglob(f"*.{suffix}"))


def test_one_grey_jpeg_saved_as_rgb_changes_nothing(case, describe, same_images):
    folder = case("one_grey_jpeg_as_rgb")
    said = describe(folder)
    assert said.status == 0 and "16×16×1" in said.out and not said.warnings
    (file,) = _files(folder, "jpg")
    Image.open(file).convert("L").save(file, quality=95)
    grey = data.load(f"folder:{folder}", size=16)
    Image.open(file).convert("RGB").save(file.with_suffix(".png"))
    file.unlink()
    np.testing.assert_array_equal(data.load(f"folder:{folder}", size=16).mean, grey.mean)


def _as_grey_of_colours(image, kind):
    """The same greys in a file that could have colours, and its suffix."""
    noise = np.random.default_rng(0).integers(-3, 4, (16, 16, 3))
    rgb = np.clip(np.asarray(image.convert("RGB")) + noise, 0, 255).astype(np.uint8)
    palette = image.convert("P")
    palette.putpalette([value + (place % 3 == 2) for value in range(255) for place in range(3)])
    return {
        "RGB": (image.convert("RGB"), "png"),
        "RGBA": (image.convert("RGBA"), "png"),
        "RGB bmp": (image.convert("RGB"), "bmp"),
        "RGB tiff": (image.convert("RGB"), "tif"),
        "YCbCr tiff": (image.convert("RGB").convert("YCbCr"), "tif"),
        "CMYK": (image.convert("RGB").convert("CMYK"), "jpg"),
        "palette": (palette, "png"),
        "nearly": (Image.fromarray(rgb), "png"),
        "nearly, jpeg": (Image.fromarray(rgb), "jpg"),
        "webp": (image.convert("RGB"), "webp"),
        "gif": (palette, "gif"),
    }[kind]


KINDS = ["RGB", "RGBA", "RGB bmp", "RGB tiff", "YCbCr tiff", "CMYK", "palette", "nearly"]


@pytest.mark.parametrize("kind", [*KINDS, "nearly, jpeg", "webp", "gif"])
def test_greys_in_any_kind_of_colour_file_are_grey(kind, case, describe):
    folder = case("one_grey_jpeg_as_rgb")
    for file in _files(folder):
        changed, suffix = _as_grey_of_colours(Image.open(file).convert("L"), kind)
        file.unlink()
        changed.save(file.with_suffix(f".{suffix}"))
    said = describe(folder)
    assert said.status == 0 and "16×16×1" in said.report["splits"]["train"]["sizes"]
    assert not any("colours of" in line for line in said.lines)


@pytest.mark.parametrize("mark", [1, 3])
def test_a_coloured_mark_is_dropped_in_a_line_that_names_it(mark, case, describe):
    folder = case("one_grey_jpeg_as_rgb")
    file = _files(folder)[5]
    pixels = np.asarray(Image.open(file).convert("RGB")).copy()
    pixels[:mark, :mark] = (255, 220, 0)
    Image.fromarray(pixels).save(file)
    name = file.relative_to(folder).as_posix()
    for _ in range(2):  # converts, then reads the cache
        said = describe(folder)
        lines = [line for line in said.lines if name in line]
        assert len(lines) == 1 and "of 1 of 24 files are dropped" in lines[0]
        assert "convert.mode=rgb" in lines[0] and "16×16×1" in said.out
    said = describe(folder, "--convert.mode=rgb")
    assert "16×16×3" in said.out and not any(name in line for line in said.lines)


def test_a_set_of_colours_stays_rgb(case, describe):
    said = describe(case("cmyk_jpeg"))
    assert said.status == 0 and "16×16×3" in said.out


def test_colours_of_cmyk_are_right(case, describe, same_images):
    folder = case("cmyk_jpeg")
    ours, right = (data.load(f"folder:{x}", size=16) for x in (folder, f"{folder}.right"))
    assert np.abs(ours.train.images.astype(int) - right.train.images).max() < 12
    np.testing.assert_array_equal(ours.train.labels, right.train.labels)


def test_the_camera_turned_them(case, same_images):
    folder = case("exif_orientation")
    ours, right = (data.load(f"folder:{x}", size=16) for x in (folder, f"{folder}.right"))
    assert np.abs(ours.train.images.astype(int) - right.train.images).max() < 12


def test_colours_of_sixteen_bits_are_read_as_eight(case, describe):
    said = describe(case("sixteen_bit_colour_png"))
    assert said.status == 0 and "16×16×3" in said.out
    assert said.report["splits"]["train"]["intensity"]["greatest"] == 219


def test_several_pages_are_refused_in_a_line(case, describe):
    said = describe(case("multi_page_tiff"))
    assert said.status == 2 and "holds several pages; needs one" in said.line


def _rescale(folder, change):
    for file in _files(folder):
        pixels = change(np.asarray(Image.open(file)).astype(np.int64))
        Image.fromarray(pixels.astype(np.uint16)).save(file)


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_sixteen_bits_that_use_fewer_are_scaled_by_those(bits, case, describe):
    folder = case("twelve_bits_in_sixteen")
    _rescale(folder, lambda pixels: pixels >> 4 << bits - 8)
    white = max(np.asarray(Image.open(file)).max() for file in _files(folder))
    for _ in range(2):
        said = describe(folder)
        found = said.report["splits"]["train"]["intensity"]["greatest"]
        assert found == round(255 * int(white) / (2**bits - 1))
        (line,) = [line for line in said.lines if f"use {bits}" in line]
        assert "window" in line and "percentile_clip" in line


def test_eight_and_twelve_bits_go_together(case):
    folder = case("twelve_bits_in_sixteen")
    _rescale(folder, lambda pixels: np.minimum(pixels >> 4, 255) * 4095 // 255)
    deep = data.load(f"folder:{folder}", size=16)
    for file in _files(folder)[::2]:
        Image.fromarray((np.asarray(Image.open(file)) // 16).astype(np.uint8)).save(file)
    mixed = data.load(f"folder:{folder}", size=16)
    np.testing.assert_array_equal(mixed.train.images, deep.train.images)


def test_a_line_on_colours_is_in_the_summary_and_the_report(case, distil, describe, tmp_path):
    folder = case("one_grey_jpeg_as_rgb")
    file = _files(folder)[5]
    Image.new("RGB", (16, 16), (255, 220, 0)).save(file)
    start = f"the colours of 1 of 24 files are dropped: {file.relative_to(folder).as_posix()}; "
    said = distil(f"folder:{folder},data.size=16")
    found = [line for line in said.report["data"]["warnings"] if "colours of" in line]
    assert found == [f"{start}data.convert.mode=rgb keeps them"]
    assert f"T{start[1:]}" in (tmp_path / "work" / "report.html").read_text()
    assert said.out.count(start) == "\n".join(said.lines).count(start) == 1
    said = describe(folder)
    assert f"warning: {start}--convert.mode=rgb keeps them" in said.out
    assert said.out.count(start) == "\n".join(said.lines).count(start) == 1


def test_sixteen_bits_that_use_all_are_as_before(case, describe):
    folder = case("twelve_bits_in_sixteen")
    _rescale(folder, lambda pixels: pixels * 65535 // 4095)
    said = describe(folder)
    assert not any("16 bits" in line for line in said.lines)
    assert said.report["splits"]["train"]["intensity"]["greatest"] == 255
    steps = data.load(f"folder:{folder}", size=16).preparation
    assert not str(steps).startswith("depth")


def test_few_small_values_among_sixteen_bits_are_said(case, describe):
    folder = case("twelve_bits_in_sixteen")
    file = folder / data.load(f"folder:{folder}", size=16).info.files["train"][0]
    Image.fromarray(np.asarray(Image.open(file)) * np.uint16(16)).save(file)
    said = describe(folder)
    (line,) = [line for line in said.lines if "nearly black" in line]
    assert "23 images are nearly black" in line and "percentile_clip" in line


def test_a_window_sees_the_values_of_the_file(case, describe):
    folder = case("twelve_bits_in_sixteen")
    said = describe(folder, "--prepare=window(1000, 2000)")
    assert said.status == 0 and not any("16 bits" in line for line in said.lines)
    assert said.report["preparation"][0] == "window(center=1000, width=2000)"


def test_the_depth_goes_with_the_images(case):
    folder = case("twelve_bits_in_sixteen")
    first = data.load(f"folder:{folder}", size=16)
    assert first.preparation.listed()[0] == "depth(bits=12)"
    _rescale(folder, lambda pixels: pixels // 16)  # 8 bits of its own
    theirs = data.load(f"folder:{folder}", preparation=first.preparation)
    assert theirs.train.images.max() <= 16


def _with_chunk(file, kind, content, *, at_the_end=False):
    """Adds a chunk behind the header of a PNG, or before its end."""
    old = file.read_bytes()
    chunk = struct.pack(">I", len(content)) + kind + content
    chunk += struct.pack(">I", zlib.crc32(kind + content))
    place = len(old) - 12 if at_the_end else 33
    file.write_bytes(old[:place] + chunk + old[place:])


LARGE = bytes(2**21)
CHUNKS = {
    "profile": (b"iCCP", b"icc\0\0" + zlib.compress(LARGE)),
    "compressed text": (b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 2**21)),
    "international text": (b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(b"x" * 2**21)),
    "much text": (b"tEXt", b"Comment\0" + b"x" * (2**26 + 1)),
}


@pytest.mark.parametrize("at_the_end", [False, True])
@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS)
def test_pixels_are_whole_whatever_else_a_png_holds(chunk, at_the_end, case, same_images):
    folder = case("png_with_large_profile")
    plain = data.load(f"folder:{folder}", size=16)
    _with_chunk(_files(folder)[7], *chunk, at_the_end=at_the_end)
    again = data.load(f"folder:{folder}", size=16)
    np.testing.assert_array_equal(again.train.images, plain.train.images)


def test_a_large_profile(case, describe):
    said = describe(case("png_with_large_profile"))
    assert said.status == 0 and said.report["left_out"] == []


def test_nifti_alone(case, describe):
    pytest.importorskip("nibabel", reason="needs pip install -e '.[nifti]'")
    said = describe(case("nifti_only"))
    assert said.status == 0 and "16×16×1" in said.out
    assert sum(split["images"] for split in said.report["splits"].values()) == 24


def test_nifti_beside_pictures(case, describe):
    pytest.importorskip("nibabel", reason="needs pip install -e '.[nifti]'")
    folder = case("nifti_only")
    Image.fromarray(np.eye(16, dtype=np.uint8)).save(folder / "benign" / "more.png")
    said = describe(folder)
    assert sum(split["images"] for split in said.report["splits"].values()) == 25


def test_nifti_without_the_package(case, describe, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nibabel", None)
    said = describe(case("nifti_only"))
    assert said.status == 2 and "pip install -e '.[nifti]'" in said.line


def test_many_unreadable_files_are_one_line(save, tmp_path, describe, distil):
    folder = tmp_path / "set"
    for number in range(64):
        save(folder / "ab"[number % 2] / f"{number:02d}.png", number % 2, number)
        if number >= 24:
            (folder / "ab"[number % 2] / f"{number:02d}.png").write_bytes(b"")
    said = describe(folder)
    assert said.status == 2 and len(said.lines) == 1
    assert re.search(
        r"40 of 64 files cannot be read: (\w/\d\d\.png,? ){3}and 37 more \(", said.line
    )
    assert "skip them with --convert.skip_unreadable=True" in said.line
    said = describe(folder, "--convert.skip_unreadable")
    assert said.images == 24 and len(said.report["left_out"]) == 40
    for lines in (said.lines, said.out.splitlines()):
        (line,) = [line for line in lines if "skipped" in line]
        assert "40 files: " in line and " and 37 more" in line
    assert "(--convert.skip_unreadable=True)" in "".join(said.lines)
    options = ("--config.data.convert.skip_unreadable=True", "--config.data.cut.val=0")
    said = distil(f"folder:{folder},data.size=16", *options)
    assert said.status == 0 and len(said.report["data"]["left_out"]) == 40
    assert len([line for line in said.lines if "skipped" in line]) == 1
