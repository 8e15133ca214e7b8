"""What is said of a set whenever it is read."""

import logging

import numpy as np
import pytest

from medjax.data import parse_preparation
from medjax.data.npz import images
from medjax.data.pictures import imagefile, remarks

OTHERS = "window or percentile_clip in data.prepare sets other limits"
QUIET = {"greyed": "", "clipped": "", "dim": 0, "remarks": {}}
QUIET |= {"raw": {"train": {"sizes": {"8×8×1": 3}}}}


@pytest.fixture
def said(caplog):
    """``said(facts, wanted, fitted)`` is the lines that are logged, with their levels."""
    caplog.set_level(logging.INFO, "medjax")

    def log(facts, wanted="", fitted="grayscale|resize(8)"):
        caplog.clear()
        parsed = {"wanted": parse_preparation(wanted), "fitted": parse_preparation(fitted)}
        remarks.log(QUIET | facts, **parsed)
        return [(record.levelname, record.getMessage()) for record in caplog.records]

    return log


def test_nothing_is_said_of_what_is_as_it_was(said):
    assert said({}) == []


def test_what_was_dropped_is_a_warning(said):
    assert said({"greyed": "colours"}) == [("WARNING", "data: colours")]
    assert said({"clipped": "values"}) == [("WARNING", f"data: values; {OTHERS}")]


def test_a_depth_that_was_found(said):
    steps = "depth(12)|grayscale|resize(8)"
    line = f"data: values of 16 bits use 12: 4095 becomes white; {OTHERS}"
    assert said({}, fitted=steps) == [("WARNING", line)]
    assert said({}, wanted=steps, fitted=steps) == []


def test_dim_images(said):
    line = f"data: 3 images are nearly black, with no value above 16 of 255; {OTHERS}"
    assert said({"dim": 3}) == [("WARNING", line)]
    values = {0: False, 1: True, 16: True, 17: False}
    for value, expected in values.items():
        assert images.is_dim([np.array([[[0], [value]]], np.uint8)]) == expected


def test_the_median_size_of_all_splits(said):
    raw = {
        "train": {"sizes": {"100×50×3": 2, "10×10×1": 1}},
        "test": {"sizes": {"10×10×1": 1, "300×70×1": 2}},
    }
    line = "data: pictures of 100×50 (median) become 8×8; data.size sets their side"
    assert said({"raw": raw}) == [("INFO", line)]
    assert said({"raw": raw}, wanted="resize(8)") == []
    assert said({"raw": {"train": {"sizes": {"8×9×1": 1}}}})[0][1].startswith("data: pictures of")
    assert said({"raw": {"train": {"sizes": {"8×7×1": 1}}}}) == []


def test_what_was_counted(said):
    assert said({"remarks": {"are odd": 2}}) == [("WARNING", "data: 2 images are odd")]
    own = {"remarks": {imagefile.OWN_RANGE: 3}}
    line = f"data: 3 images {imagefile.OWN_RANGE}; {OTHERS}, the same for all"
    assert said(own) == [("WARNING", line)]
    assert said(own, wanted="window(0, 1)|resize(8)", fitted="window(0, 1)|resize(8)") == []


@pytest.mark.parametrize(
    "dtypes, greatest, expected", [(["uint8"], 1, 1), (["uint8"], 17, 0), (["uint16"], 1, 0)]
)
def test_bytes_of_zero_to_one(dtypes, greatest, expected):
    tally = {"dtypes": dict.fromkeys(dtypes, 3), "intensity": {"greatest": greatest}}
    facts = QUIET | {"dim": 3, "raw": {"train": tally}}
    (line,) = remarks.doubts(facts, parse_preparation(""))
    assert ("the factor 255 is missing" in line, "3 images are nearly black" in line) == (
        bool(expected),
        not expected,
    )


def test_what_questions_the_result_is_a_doubt():
    facts = QUIET | {"greyed": "colours", "clipped": "values", "dim": 3}
    raw = {"train": {"sizes": {"99×99×1": 3}}}  # what merely informs is none
    assert remarks.doubts(facts | {"raw": raw}, parse_preparation("")) == [
        "colours",
        f"values; {OTHERS}",
        f"3 images are nearly black, with no value above 16 of 255; {OTHERS}",
    ]
