"""Findings of table cells: what each spelling says, and what is refused."""

import numpy as np
import pytest

from medjax.data.pictures import findings
from medjax.data.pictures.findings import Cells
from medjax.errors import UserError
from medjax.types import IGNORED


def cells(**columns):
    count = len(next(iter(columns.values())))
    return Cells("table.csv", range(2, 2 + count), columns)


SPELLINGS = {
    1: ("1", "1.0", "1,0", " 1 ", "1.00", "+1", "True", "TRUE", "yes", "Y", "Positive", "present"),
    0: ("0", "0.0", "0,0", "-0.0", "False", "no", "N", "negative", "absent"),
    -1: ("-1", "-1.0", "-1,0", "Uncertain", "unknown", "?"),
    -2: ("", "  ", "nan", "NaN", "NA", "n/a", "<NA>", "null", "None"),
}


@pytest.mark.parametrize("uncertain", findings.UNCERTAIN)
def test_every_spelling_of_a_cell(uncertain):
    becomes = {"zeros": (0, 0), "ones": (1, 0), "ignore": (IGNORED, IGNORED)}[uncertain]
    wanted = {1: 1, 0: 0, -1: becomes[0], -2: becomes[1]}
    for meaning, words in SPELLINGS.items():
        found = findings.of_columns(cells(edema=words), uncertain=uncertain)
        assert found.rows.dtype == np.int32
        assert found.rows.tolist() == [[wanted[meaning]]] * len(words), meaning


@pytest.mark.parametrize("cell", ["2", "0.5", "-2", "1 0", "edema", "inf", "1.0.0"])
def test_a_cell_that_says_none_of_this_is_named(cell):
    with pytest.raises(UserError, match=r"table\.csv, line 3: edema is .*needs 1, 0, -1"):
        findings.of_columns(cells(edema=["1", f" {cell} "]))


def test_uncertain_and_empty_cells_are_counted_until_something_says_what_they_are():
    table = cells(edema=["1", "-1", "", ""], effusion=["0", "0", "-1", "1"])
    message = (
        r"^table\.csv holds 2 uncertain \(-1\) and 2 empty cells in edema, effusion: .*"
        r"data\.folder\.uncertain=zeros .* ones .* ignore"
    )
    with pytest.raises(UserError, match=message):
        findings.of_columns(table)
    with pytest.raises(UserError, match=r"holds 1 empty cells in label"):
        findings.of_words(cells(label=["a|b", "", "none"]), "|")
    with pytest.raises(UserError, match=r"'one' \(did you mean 'ones'\?\)"):
        findings.of_columns(table, uncertain="one")
    assert findings.of_columns(cells(a=["1", "0"])).rows.tolist() == [[1], [0]]


def test_words_are_findings_in_sorted_order():
    column = ["Mass|Effusion", "No Finding", "Effusion", " Mass | Edema |", "Mass|Mass"]
    found = findings.of_words(cells(label=column), "|")
    assert found.names == ("Edema", "Effusion", "Mass")
    assert found.rows.tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1]]
    assert found.rows.dtype == np.int32


@pytest.mark.parametrize("separator", ["|", ";", ",", "/", "+", "&", " ", "||"])
def test_any_separator(separator):
    column = [f"mass{separator}edema", "none", "edema"]
    assert findings.is_separator(separator)
    found = findings.of_words(cells(label=column), separator)
    assert found.names == ("edema", "mass") and found.rows.tolist() == [[1, 1], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    "none", ["No Finding", "no findings", "NO_FINDING", "no-finding", "None", "normal", "Healthy"]
)
def test_words_that_mean_none(none):
    found = findings.of_words(cells(label=["a|b", none, f"{none}|"]), "|")
    assert found.names == ("a", "b") and found.rows.tolist() == [[1, 1], [0, 0], [0, 0]]
    message = rf"line 3: '{none}' stands beside other findings in 'a\|{none}'"
    with pytest.raises(UserError, match=message):
        findings.of_words(cells(label=["a|b", f"a|{none}"]), "|")


def test_lists_as_python_writes_them():
    column = ["['pneumonia', 'nodule']", "['normal']", "['', 'nodule']"]
    found = findings.of_words(cells(Labels=column), ",")
    assert found.names == ("nodule", "pneumonia")
    assert found.rows.tolist() == [[1, 1], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("uncertain", "row"), [("zeros", [0, 0]), ("ones", [0, 0]), ("ignore", [-1, -1])]
)
def test_an_empty_cell_of_words(uncertain, row):
    for empty in ("", "NaN", "N/A", "[]", "/"):
        found = findings.of_words(cells(label=["a/b", empty]), "/", uncertain=uncertain)
        assert found.rows.tolist() == [[1, 1], row]


def test_words_that_cannot_be_told_apart():
    with pytest.raises(UserError, match="the findings Mass and mass differ in case; write one"):
        findings.of_words(cells(label=["Mass|Edema", "mass"]), "|")
    with pytest.raises(UserError, match=r"no cell of label holds ';'; '\|' seems to stand"):
        findings.of_words(cells(label=["Mass|Edema", "Mass"]), ";")
    assert findings.of_words(cells(label=["Mass", "Edema"]), ";").names == ("Edema", "Mass")


def test_columns_by_name():
    header = ["file", "Edema", "pleural effusion ", "No Finding"]

    def chosen(text):
        return findings.chosen_columns(text, header, table="table.csv")

    assert chosen("Pleural Effusion,edema") == ["pleural effusion ", "Edema"]
    assert chosen("(edema, 'No Finding')") == ["Edema", "No Finding"]
    with pytest.raises(UserError, match=r"unknown finding of table\.csv 'edem' \(did you mean"):
        chosen("edem,No Finding")
    with pytest.raises(UserError, match="the finding EDEMA is named twice"):
        chosen("edema,EDEMA")
    with pytest.raises(UserError, match="the finding edema is a column twice"):
        findings.chosen_columns("edema", ["Edema", "edema"], table="table.csv")


@pytest.mark.parametrize(
    ("labels", "separator"),
    [
        (["none", "effusion", "mass", "effusion|mass"], "|"),
        (["a; b", "a; c"], ";"),
        (["a, b", "b"], ","),
        (["a/b", "b", "c"], "/"),
        (["1|4", "4"], "|"),
        (["benign", "malignant"], None),
        (["left/right", "up/down"], None),
        (["1,0", "2,0", "10,0"], None),
        ([], None),
    ],
)
def test_what_joins_findings_in_class_names(labels, separator):
    assert findings.joining(labels) == separator
