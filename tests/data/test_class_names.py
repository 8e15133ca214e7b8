"""Class names: one class in several spellings, and the order."""

import pytest

from medjax.data import class_names


@pytest.mark.parametrize(
    "written, names",
    [
        (["1", "1.0", "10.0", "2."], ["1", "1", "10", "2"]),
        (["-1.50", "+0", "-0.0", ".5"], ["-1.5", "0", "0", "0.5"]),
        (["1,0", "2,5"], ["1", "2.5"]),
        (["01", "02"], ["01", "02"]),
        (["01", "1"], ["1", "1"]),
        (["100", "20.00"], ["100", "20"]),
        (["1.0", "1", "x"], ["1.0", "1", "x"]),
        (["1e3", "1000"], ["1e3", "1000"]),
        (["gru\u0308n", "grün"], ["grün", "grün"]),
        (["9" * 40 + ".0"], ["9" * 40]),
    ],
)
def test_spellings_of_one_class(written, names):
    assert [class_names.unified(written)[label] for label in written] == names


@pytest.mark.parametrize(
    "names, order",
    [
        (["10", "9", "1"], ("1", "9", "10")),
        (["10", "-9", "1.5"], ("-9", "1.5", "10")),
        (["10", "9", "x"], ("10", "9", "x")),
        (["nan", "1", "inf"], ("1", "inf", "nan")),
    ],
)
def test_order(names, order):
    assert class_names.in_order(names) == order


@pytest.mark.parametrize(
    "names, said",
    [
        (["a", "b"], []),
        (["a", "A", "b c", "B  C"], ["the classes 'A' and 'a' differ", "'B  C' and 'b c' differ"]),
        ([str(number) for number in range(30)], []),
        ([str(number) for number in range(31)], ["31 classes are numbers: if they are measurem"]),
        ([f"c{number}" for number in range(31)], []),
    ],
)
def test_names_that_are_doubtful(names, said):
    lines = class_names.doubtful(names)
    assert len(lines) == len(said)
    assert all(part in line for part, line in zip(said, lines, strict=True))
