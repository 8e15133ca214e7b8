"""Class names: one class in several spellings, the order, and joined findings."""

import pytest

from medjax.data.pictures.listing import labels


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
    assert [labels.unified(written)[label] for label in written] == names


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
    assert labels.in_order(names) == order


@pytest.mark.parametrize(
    "mark, names",
    [
        ("|", ["none", "effusion", "mass", "effusion|mass"]),
        ("|", ["a|b", "a|c"]),
        (";", ["a; b", "b"]),
        (",", ["a, b", "b", "a"]),
        (",", ["['a', 'b']", "['b']", "['a']"]),
        ("+", ["a + b", "b", "a"]),
        ("|", ["1|2", "2"]),
        ("", ["a", "b"]),
        ("", ["and/or", "benign"]),
        ("", ["basal cell, nodular", "basal cell, superficial"]),
        ("", ["1,5", "2,5", "1", "5"]),
        ("", ["3+4", "4+3", "4+4"]),
        ("", ["a|", "b|"]),
        ("", []),
    ],
)
def test_signs_that_join_findings(mark, names):
    assert labels.joiner(names) == mark


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
    lines = labels.doubtful(names)
    assert len(lines) == len(said)
    assert all(part in line for part, line in zip(said, lines, strict=True))
