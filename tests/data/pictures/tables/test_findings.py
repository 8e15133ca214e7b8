"""Findings of table cells: what each spelling says, and what is refused."""

import pathlib

import numpy as np
import pytest

from medjax.data.pictures.listing.entry import UNCERTAIN
from medjax.data.pictures.tables import findings
from medjax.data.pictures.tables.table import Row, Table
from medjax.errors import UserError
from medjax.types import IGNORED


def table(**columns):
    rows = zip(*columns.values(), strict=True)
    rows = tuple(Row(line, cells) for line, cells in enumerate(rows, start=2))
    return Table(pathlib.Path("table.csv"), tuple(columns), rows, ",", "utf-8")


def of_columns(uncertain="", **columns):
    return findings.of_columns(table(**columns), range(len(columns)), uncertain=uncertain)


def of_words(separator, cells, uncertain=""):
    return findings.of_words(table(label=cells), 0, separator, uncertain=uncertain)


SPELLINGS = {
    1: ("1", "1.0", "1,0", "1.00", "+1", "True", "TRUE", "yes", "Y", "Positive", "present"),
    0: ("0", "0.0", "0,0", "-0.0", "False", "no", "N", "negative", "absent"),
    -1: ("-1", "-1.0", "-1,0", "Uncertain", "unknown", "?"),
    -2: ("", "nan", "NaN", "NA", "n/a", "<NA>", "null", "None"),
}


@pytest.mark.parametrize("uncertain", UNCERTAIN)
def test_every_spelling_of_a_cell(uncertain):
    becomes = {"zeros": (0, 0), "ones": (1, 0), "ignore": (IGNORED, IGNORED)}[uncertain]
    wanted = {1: 1, 0: 0, -1: becomes[0], -2: becomes[1]}
    for meaning, words in SPELLINGS.items():
        found = of_columns(uncertain, edema=words)
        assert found.rows.dtype == np.int32
        assert found.rows.tolist() == [[wanted[meaning]]] * len(words), meaning


@pytest.mark.parametrize("cell", ["2", "0.5", "-2", "1 0", "edema", "inf", "1.0.0"])
def test_a_cell_that_says_none_of_this_is_named(cell):
    with pytest.raises(UserError, match=r"table\.csv, line 3: edema is .*needs 1, 0, -1"):
        of_columns(edema=["1", cell])


def test_uncertain_and_empty_cells_are_counted_until_something_says_what_they_are():
    message = (
        r"^table\.csv holds 2 uncertain \(-1\) and 2 empty cells in edema, effusion: .*"
        r"data\.folder\.uncertain=zeros .* ones .* ignore"
    )
    with pytest.raises(UserError, match=message) as caught:
        of_columns(edema=["1", "-1", "", ""], effusion=["0", "0", "-1", "1"])
    assert "skip_unlabelled" not in str(caught.value)
    with pytest.raises(UserError, match=r"holds 2 empty cells .*skip_unlabelled=True skips rows"):
        of_columns(edema=["1", ""], effusion=["0", ""])
    with pytest.raises(UserError, match=r"^table\.csv holds 1 empty cell in label: .*unlabelled"):
        of_words("|", ["a|b", "", "none"])
    assert of_columns(a=["1", "0"]).rows.tolist() == [[1], [0]]


def test_words_are_findings_in_sorted_order():
    column = ["Mass|Effusion", "No Finding", "Effusion", " Mass | Edema |", "Mass|Mass"]
    found = of_words("|", column)
    assert found.names == ("Edema", "Effusion", "Mass")
    assert found.rows.tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1]]
    assert found.rows.dtype == np.int32


@pytest.mark.parametrize("separator", ["|", ";", ",", "/", "+", "&", " ", "||"])
def test_any_separator(separator):
    column = [f"mass{separator}edema", "none", "edema"]
    assert findings.is_separator(separator)
    found = of_words(separator, column)
    assert found.names == ("edema", "mass") and found.rows.tolist() == [[1, 1], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    "none", ["No Finding", "no findings", "NO_FINDING", "no-finding", "None", "normal", "Healthy"]
)
def test_words_that_mean_none(none):
    found = of_words("|", ["a|b", none, f"{none}|"])
    assert found.names == ("a", "b") and found.rows.tolist() == [[1, 1], [0, 0], [0, 0]]
    message = rf"line 3: '{none}' stands beside other findings in 'a\|{none}'"
    with pytest.raises(UserError, match=message):
        of_words("|", ["a|b", f"a|{none}"])


def test_lists_as_python_writes_them():
    column = ["['pneumonia', 'nodule']", "['normal']", "['', 'nodule']"]
    found = of_words(",", column)
    assert found.names == ("nodule", "pneumonia")
    assert found.rows.tolist() == [[1, 1], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("uncertain", "row"), [("zeros", [0, 0]), ("ones", [0, 0]), ("ignore", [-1, -1])]
)
def test_an_empty_cell_of_words(uncertain, row):
    for empty in ("", "NaN", "N/A", "[]", "/"):
        found = of_words("/", ["a/b", empty], uncertain)
        assert found.rows.tolist() == [[1, 1], row]


def test_words_that_cannot_be_told_apart():
    with pytest.raises(UserError, match="findings Mass and mass differ in case only; write one"):
        of_words("|", ["Mass|Edema", "mass"])
    with pytest.raises(UserError, match=r"no cell of label holds ';'; '\|' seems to stand"):
        of_words(";", ["Mass|Edema", "Mass", "Edema"])
    assert of_words(";", ["Mass", "Edema"]).names == ("Edema", "Mass")


def test_columns_by_name():
    columns = {"file": ["a"], "Edema": ["1"], "pleural effusion": ["0"], "No Finding": ["0"]}

    def places(text):
        return findings.places(table(**columns), text)

    assert places("Pleural Effusion,edema") == [2, 1]
    assert places("(edema, 'No Finding')") == [1, 3]
    with pytest.raises(UserError, match=r"unknown finding of table\.csv 'edem' \(did you mean"):
        places("edem,No Finding")
    with pytest.raises(UserError, match="the finding EDEMA is named twice"):
        places("edema,EDEMA")
    columns |= {"(Left) Mass": ["1"], "Opacity (any)": ["1"], "Opacity [all]": ["1"]}
    for name, place in (("(left) mass", 4), ("Opacity (any)", 5), ("opacity [all]", 6)):
        assert places(f"{name},edema") == places(f"({name},edema)") == [place, 1]
        assert places(f"edema,{name}") == places(f"[edema,{name}]") == [1, place]
        assert places(name) == [place]
    assert places("(left) mass,Opacity (any)") == [4, 5]
    columns |= {"edema": ["1"]}
    with pytest.raises(UserError, match="the finding edema is a column twice"):
        places("edema")


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
    assert findings.joiner(names) == mark


def test_columns_that_seem_to_be_findings():
    columns = {"file": ["a", "b"], "age": ["51", "1"], "No Finding": ["1", ""]}
    assert findings.likely(table(**columns, edema=["1.0", ""])) == []
    found = table(**columns, edema=["1.0", ""], mass=["0", "-1"], view=["", ""])
    assert findings.likely(found) == ["edema", "mass"]


def test_a_cell_is_read_once_however_often_it_stands(monkeypatch):
    asked, number = [], findings.class_names.number
    monkeypatch.setattr(findings.class_names, "number", lambda x: asked.append(x) or number(x))
    of_columns(edema=["1.00000", "0.00000"] * 50, mass=["0.00000", "1.00000"] * 50)
    assert sorted(asked) == ["0.00000", "1.00000"]
