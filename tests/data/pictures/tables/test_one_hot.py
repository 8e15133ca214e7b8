"""A column for each class."""

import pathlib

import pytest

from medjax.data.pictures.tables import one_hot
from medjax.data.pictures.tables.table import Row, Table
from medjax.errors import UserError


def table(*lines):
    header, *rows = [tuple(line.split(",")) for line in lines]
    numbered = tuple(Row(line, cells) for line, cells in enumerate(rows, start=2))
    return Table(pathlib.Path("TABLE"), header, numbered, ",", "utf-8")


@pytest.mark.parametrize("names", ["NV,MEL", "(nv, mel)", "MEL,NV"])
def test_the_class_is_the_column_that_is_one(names):
    found = one_hot.with_classes(table("file,NV,MEL", "a,1.0,0", "b,0.0,1", "c,,"), names)
    assert found.header == ("file", "NV", "MEL", names)
    assert [row.cells[3] for row in found.rows] == ["NV", "MEL", ""]


@pytest.mark.parametrize("names", ["NV (any),MEL", "(NV (any),MEL)"])
def test_names_that_end_in_a_bracket(names):
    found = one_hot.with_classes(table("file,NV (any),MEL", "a,1,0", "b,0,1"), names)
    assert [row.cells[3] for row in found.rows] == ["NV (any)", "MEL"]


@pytest.mark.parametrize("names", ["", "NV", "Findings, all", "NV,other"])
def test_what_is_no_list_of_columns(names):
    given = table("file,NV,MEL,Findings, all".replace(", ", ";"), "a,1,0,x")
    assert one_hot.with_classes(given, names) == given
    given = table("file,NV,MEL", "a,1,0")._replace(header=("file", "NV", "nv,mel"))
    assert one_hot.with_classes(given, "NV,MEL") == given


@pytest.mark.parametrize(
    "row, message",
    [
        (
            "a,1,1",
            "TABLE, line 2: NV and MEL are 1 in one row, so they are no classes; data.folder.",
        ),
        ("a,0.4,0.6", "TABLE, line 2: NV is '0.4'; a column for each class needs 1"),
        ("a,yes,no", "TABLE, line 2: NV is 'yes'"),
    ],
)
def test_other_cells(row, message):
    with pytest.raises(UserError) as caught:
        one_hot.with_classes(table("file,NV,MEL", row), "NV,MEL")
    assert message in str(caught.value)


def test_what_fits():
    assert one_hot.fits(table("file,a,b", "1,1,0", "2,0,1"), ["a", "b"])
    assert not one_hot.fits(table("file,a,b", "1,1,0", "2,1,1"), ["a", "b"])
    assert not one_hot.fits(table("file,a,b", "1,1,0", "2,0,0"), ["a", "b"])
    assert not one_hot.fits(table("file,a,b", "1,1,0", "2,1,0"), ["a", "b"])


def test_a_cell_is_read_once_however_often_it_stands(monkeypatch):
    asked, number = [], one_hot.class_names.number
    monkeypatch.setattr(one_hot.class_names, "number", lambda x: asked.append(x) or number(x))
    assert one_hot.fits(
        table("file,a,b", *["x,1.00000,0.00000", "y,0.00000,1.00000"] * 50), ["a", "b"]
    )
    assert sorted(asked) == ["0.00000", "1.00000"]
