"""Errors a user meets are one line, with the nearest choice where one is near."""

import pytest

from medjax import errors


def test_the_nearest_choice_is_offered():
    error = errors.unknown("method", "dmm", ["dc", "dm", "dsa"])
    assert isinstance(error, errors.UserError)
    assert str(error) == "unknown method 'dmm' (did you mean 'dm'?); choose from: dc, dm, dsa"


@pytest.mark.parametrize(("value", "near"), [("Relu", "relu"), ("ORGANAMNIST", "OrganAMNIST")])
def test_case_does_not_matter(value, near):
    error = errors.unknown("name", value, iter(["relu", "OrganAMNIST"]))
    assert f"(did you mean {near!r}?)" in str(error)


@pytest.mark.parametrize("value", ["trajectory", 7, None])
def test_without_a_near_one_the_choices_are_listed(value):
    error = errors.unknown("method", value, ["dc", "dm"])
    assert str(error) == f"unknown method {value!r}; choose from: dc, dm"


def test_some_of_many_names():
    assert errors.some(iter(["a", "b", "c"]), most=2, between="; ") == "a; b and 1 more"
    assert errors.some(["a"], most=2) == "a" and not errors.some([], most=2)
    assert errors.some(map(str, range(2000)), most=1) == "0 and 1,999 more"


def test_kinds():
    assert issubclass(errors.UserError, ValueError)
    assert issubclass(errors.RunError, RuntimeError)
    assert not issubclass(errors.RunError, errors.UserError)


def test_printable_text_is_one_line_that_every_encoding_of_unicode_has():
    text = "".join(map(chr, range(0x3000))) + "\udc80\udcff\ud800"
    shown = errors.printable(text)
    assert shown.splitlines() == [shown]
    assert shown.encode() and "\x1b" not in shown and r"\x80\xff\ud800" in shown
    assert errors.printable(ValueError("a\tb")) == r"a\tb"
