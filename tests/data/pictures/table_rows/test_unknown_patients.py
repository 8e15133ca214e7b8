"""Patients that are perhaps none."""

import pathlib

import pytest

from medjax.data.pictures.table_rows import unknown_patients
from medjax.data.pictures.tables.table import Row, Table


def told(*values):
    table = Table(pathlib.Path("TABLE"), ("patient",), (), ",", "utf-8")
    rows = {Row(n, (value,)): value for n, value in enumerate(values, start=2)}
    return unknown_patients.doubtful(table, rows)


@pytest.mark.parametrize("word", ["unknown", "-", "?", "Anonymous", "ANONYM", "None", "missing"])
def test_words(word):
    (said,) = told("p1", "p1", "p2", word, word)
    assert said == (
        f"TABLE: 2 of 5 rows have the patient {word!r}, and count as one patient: if it means that "
        "none is known, give each of them another name"
    )
    assert told("p1", "p2", word) == []


@pytest.mark.parametrize("value", ["0", "999", "XYZ"])
def test_a_value_of_far_too_many_rows(value):
    patients = [f"p{n}" for n in range(20)]
    (said,) = told(*patients, *[value] * 12)
    assert f"12 of 32 rows have the patient {value!r}" in said
    assert told(*patients, *[value] * 9) == told(*patients * 3, *[value] * 12) == []
    assert told(*[f"p{n}" for n in range(6)], *[value] * 40) == []  # few patients, many images
    assert told() == []
