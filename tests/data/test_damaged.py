"""What libraries raise for damaged files becomes a reason; what else is raised stays what it is."""

import pytest

from medjax.data.damaged import UndecodableError, by_reason, decoding_errors, first_of


def test_what_a_library_raises_is_named_by_its_kind_alone():
    said = r"^cannot be decoded \(KeyError\)$"
    with pytest.raises(UndecodableError, match=said), decoding_errors(KeyError):
        raise KeyError("DOE^JANE")
    with pytest.raises(IndexError), decoding_errors(KeyError):
        raise IndexError
    with pytest.raises(FileNotFoundError), decoding_errors(Exception):
        raise FileNotFoundError


def test_what_parsers_raise_is_turned_without_being_named():
    with pytest.raises(UndecodableError, match="ZeroDivisionError"), decoding_errors():
        raise ZeroDivisionError
    with pytest.raises(NameError), decoding_errors():
        raise NameError


def test_files_of_one_reason_are_named_together():
    found = by_reason([*((f"{n}.png", "is empty") for n in range(40)), ("x", "is cut short")])
    assert list(found) == ["is empty", "is cut short"] and len(found["is empty"]) == 40
    assert first_of(found["is empty"]) == "40 files: 0.png, 1.png, 2.png and 37 more"
    assert first_of(found["is cut short"]) == "x"
