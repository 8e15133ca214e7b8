"""Which of several pictures of a file is read."""

import pytest

from medjax.data.damaged import UndecodableError
from medjax.data.pictures import frame_choice
from medjax.errors import UserError


@pytest.mark.parametrize(
    ("choice", "count", "places"),
    [("first", 5, [0]), ("middle", 5, [2]), ("middle", 4, [2]), ("last", 5, [4]), ("3", 5, [3])],
)
def test_one_is_chosen(choice, count, places):
    frame_choice.check("frames", choice)
    assert list(frame_choice.chosen(choice, count, what="frame")) == places


def test_all_are_chosen():
    frame_choice.check("frames", "all")
    assert list(frame_choice.chosen("all", 3, what="frame")) == [0, 1, 2]


def test_what_is_not_there_is_said():
    with pytest.raises(UndecodableError, match="has no slice 5"):
        frame_choice.chosen("5", 5, what="slice")


@pytest.mark.parametrize("choice", ["second", "-1", "1.5", ""])
def test_what_is_no_choice_is_said(choice):
    with pytest.raises(UserError, match="choose from: first, middle, last, all, a number"):
        frame_choice.check("nifti slices", choice)
