"""What is decoded before a set is converted, and what it tells: colours and depths."""

import logging

import numpy as np
import pytest
from PIL import Image

from medjax.data import Picture, Source, file_source
from medjax.data.damaged import UndecodableError
from medjax.data.pictures import colour_depth

GREY = np.full((20, 20), 90, np.uint8)
COLOUR = np.full((20, 20, 3), (200, 10, 30), np.uint8)


class Files:
    """Sources of made-up files; ``decoded`` are the numbers of those whose pixels were read."""

    def __init__(self, pixels, *, deep=False):
        self.decoded, self._pixels, self._deep = [], pixels, deep
        self.sources = [self._source(number) for number in range(len(pixels))]

    def _source(self, number):
        pixels = self._pixels[number]
        channels = 3 if pixels.ndim == 3 else 1
        return Source(
            f"{number}.png", lambda: channels, lambda: self._read(number), None, lambda: self._deep
        )

    def _read(self, number):
        self.decoded.append(number)
        pixels = self._pixels[number]
        return [Picture(pixels, 0, np.iinfo(pixels.dtype).max)]

    def look(self, **how):
        return colour_depth.look(
            self.sources, **{"colours": True, "depth": True, "threads": 1} | how
        )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_colours_are_measured_from_black_to_white(dtype):
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    grey = np.full((300, 300, 3), 0.5 * white).astype(dtype)
    assert not colour_depth.has_colours(Picture(grey, 0, white))
    assert not colour_depth.has_colours(Picture(grey[..., 0], 0, white))
    for change, expected in ((23, False), (26, True)):
        changed = grey.copy()
        changed[5, 5, 1] += dtype(change / 255 * white)
        assert colour_depth.has_colours(Picture(changed, 0, white)) == expected
        assert not colour_depth.has_colours(Picture(changed, 0, 4 * white))


def test_a_speck_in_a_large_picture_is_no_colour():
    grey = np.full((1000, 1000, 3), 90, np.uint8)
    grey[0, :10] = (255, 0, 0)
    assert not colour_depth.has_colours(Picture(grey, 0, 255))
    grey[0, 10] = (255, 0, 0)
    assert colour_depth.has_colours(Picture(grey, 0, 255))


def test_headers_of_greys_are_enough():
    files = Files([GREY] * 9)
    assert files.look() == colour_depth.Seen(1, "", None) and not files.decoded


def test_a_few_with_colours_become_grey_and_are_named(caplog):
    caplog.set_level(logging.INFO, "medjax")
    files = Files([GREY] * 90 + [COLOUR] * 10)
    seen = files.look()
    assert seen.channels == 1 and files.decoded == list(range(90, 100))
    names = ", ".join(f"{number}.png" for number in range(90, 95))
    assert seen.greyed == (
        f"the colours of 10 of 100 files are dropped: {names} and 5 more; "
        "data.convert.mode=rgb keeps them"
    )
    assert caplog.messages == ["data: all images become grey: 90 grey and 10 colour files in train"]


def test_it_stops_where_the_answer_is_certain(caplog):
    caplog.set_level(logging.INFO, "medjax")
    files = Files([COLOUR] * 400)
    assert files.look() == colour_depth.Seen(3, "", None)
    assert len(files.decoded) == 44  # four at once, until more than a tenth have colours
    assert caplog.messages == [
        "data: all images become RGB: more than a tenth of 400 training files have colours"
    ]
    deep = Files([np.full((4, 4), 50000, np.uint16)] * 400, deep=True)
    assert deep.look() == colour_depth.Seen(1, "", 16) and len(deep.decoded) == 4


@pytest.mark.parametrize(
    ("greatest", "bits"),
    [(0, None), (1, 8), (255, 8), (256, 10), (1023, 10), (4095, 12), (4096, 14), (16384, 16)],
)
def test_the_depth_is_that_of_the_greatest_value(greatest, bits):
    pixels = [np.zeros((4, 4), np.uint16) for _ in range(5)]
    pixels[3][1, 1] = greatest
    files = Files(pixels, deep=True)
    assert files.look(colours=False) == colour_depth.Seen(None, "", bits)
    assert len(files.decoded) == (4 if bits == 16 else 5)


def test_other_splits_decide_nothing_and_what_they_lose_is_told():
    train, others = Files([GREY] * 20), Files([COLOUR] * 9 + [GREY])
    seen = train.look(others=others.sources)
    assert seen.channels == 1 and seen.greyed.startswith("the colours of 9 of 30 files are dropped")
    assert train.look(others=others.sources, colours=False).greyed == ""
    assert Files([COLOUR] * 20).look(others=others.sources) == colour_depth.Seen(3, "", None)

    twelve, sixteen = (np.full((4, 4), value, np.uint16) for value in (4095, 65535))
    train, others = Files([twelve] * 3, deep=True), Files([sixteen, twelve, sixteen], deep=True)
    seen = train.look(others=others.sources)
    assert seen.bits == 12 and seen.clipped == (
        "2 of 3 files of other splits than train hold values above 4095, which become white"
    )
    assert train.look(others=Files([twelve], deep=True).sources).clipped == ""
    assert train.look(others=others.sources, depth=False) == colour_depth.Seen(1, "", None)


def test_what_is_not_asked_is_not_looked_for():
    files = Files([COLOUR] * 3)
    assert files.look(colours=False, depth=False) == colour_depth.Seen(None, "", None)
    deep = Files([np.ones((4, 4), np.uint16)] * 3, deep=True)
    assert deep.look(depth=False) == colour_depth.Seen(1, "", None)
    assert not files.decoded and not deep.decoded


def test_unreadable_files_do_not_count(caplog):
    caplog.set_level(logging.INFO, "medjax")

    def damaged():
        raise UndecodableError("is damaged")

    sources = [Source("a", damaged, damaged), *Files([GREY, GREY]).sources]
    assert colour_depth.look(sources, colours=True, depth=True) == colour_depth.Seen(1, "", None)
    assert caplog.messages == ["data: all images become grey: 2 grey and 0 colour files in train"]


def test_dicom_of_three_equal_channels_is_grey(write_dicom, tmp_path):
    pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")
    for name, pixels in (("grey", np.repeat(GREY[..., None], 3, -1)), ("colour", COLOUR)):
        path = write_dicom(tmp_path / f"{name}.dcm", pixels)
        seen = colour_depth.look([file_source(path, name)], colours=True, depth=True)
        assert seen.channels == (3 if name == "colour" else 1)


def test_large_jpegs_are_looked_at_in_part_and_small_marks_are_seen(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (1600, 1100), np.uint8)
    pixels = np.repeat(grey[..., None], 3, -1)
    path = tmp_path / "a.jpg"
    Image.fromarray(pixels).save(path, quality=90)
    source = file_source(path, "a.jpg")
    (small,) = source.preview()
    assert small.pixels.shape == (800, 550, 3)
    assert colour_depth.look([source], colours=True, depth=True).channels == 1
    pixels[100:112, 40:52] = (255, 220, 0)
    Image.fromarray(pixels).save(path, quality=90)
    assert colour_depth.look([source], colours=True, depth=True).channels == 3
