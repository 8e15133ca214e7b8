"""Joins of two tables: on which columns, how identifiers may be spelled, what contradicts."""

import pathlib

import pytest

from medjax.data.pictures.tables import joining
from medjax.data.pictures.tables.table import BY_NAME, Row, Table
from medjax.errors import UserError


def table(name, header, *rows):
    rows = tuple(Row(line, tuple(row.split(","))) for line, row in enumerate(rows, start=2))
    return Table(pathlib.Path(name), tuple(header.split(",")), rows, ",", "utf-8")


def join(left, right, *, named="", skip=False):
    both = table("A", *left), table("B", *right)
    found, warnings = joining.joined(*both, named=named, skip=skip)
    return found.header, [",".join(row.cells) for row in found.rows], warnings


def refused(left, right, **options):
    with pytest.raises(UserError) as caught:
        join(left, right, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "one, other",
    [
        *[("a", "a.png"), ("a.JPG", "A"), ("001", "1"), ("1.0", "1"), ("001.png", "1")],
        *[("x/y/a.png", "a"), ("a", "x\\a.nii.gz"), ("y/a.png", "x/y/a.dcm")],
        *[("e\u0301", "\u00e9"), ("img_007", "img_7"), ("./a", "a")],
    ],
)
def test_spellings_of_one_id(one, other):
    _, rows, warnings = join(("file,x", f"{one},1"), ("file,label", f"{other},u", "zz,v"))
    assert rows == [f"{one},1,u"] and not warnings


@pytest.mark.parametrize(
    "one, other", [("a", "b"), ("1.2.3", "1.2"), ("1.1", "1.01"), ("x/a", "y/a"), ("a1", "a10")]
)
def test_other_ids(one, other):
    assert "no row of one fits" in refused(
        ("file,x", f"{one},1"), ("file,label", f"{other},u", "zz,v")
    )


def test_an_equal_id_comes_first_and_several_that_fit_are_none():
    right = ("file,label", "1,u", "001,v", "a.png,w", "a.jpg,w")
    assert join(("file", "001", "1", "a.jpg"), right)[1] == ["001,v", "1,u", "a.jpg,w"]
    for left in (("file", "01"), ("file", "a")):
        assert "no row" in refused(left, right)
    left = ("file", "1.png", "001.png", "b")
    said = refused(left, ("file,label", "1,u", "b,u"))
    assert "no row of B with the same file in 2 of 3 rows, the first in line 2: 1.png" in said


def test_patients_of_two_spellings_are_one():
    left = ("file,patient", "a,P1", "b,p01", "c,p1")
    assert join(left, ("patient,label", "P1,u"))[1] == ["a,P1,u", "b,p01,u", "c,p1,u"]


def test_the_column_of_files_is_the_key():
    left = ("image_id,age,dx", "a,60,u", "b,,v")
    header, rows, (warning,) = join(left, ("image_id,age,set", "b,50,test", "a,61,train"))
    assert header == ("image_id", "age", "dx", "set")
    assert rows == ["a,60,u,train", "b,50,v,test"]
    assert warning == (
        "A and B differ in age in 1 of 2 rows: 60 in line 2, and 61 in line 3 of the other; the "
        "first counts"
    )
    left = ("slice,patient,file", "1,p,a", "2,p,b")
    right = ("patient,slice,label", "p,1,u", "p,2,v")
    assert join(left, right)[1] == ["1,p,a,u", "2,p,b,v"]
    assert "no row of B" in refused(left, right[:2])


def test_ids_that_start_again_in_each_table():
    left = (f"id,{BY_NAME}", "1,train", "1,test")
    right = (f"id,label,{BY_NAME}", "1,u,Training", "1,v,test")
    assert "no row of B" in refused(left, right)
    right = (right[0], "1,u,train", right[2])
    assert join(left, right)[1] == ["1,train,u", "1,test,v"]


def test_equal_rows_are_no_contradiction():
    assert join(("id", "1"), ("id,label", "1,u", "1,u"))[1] == ["1,u"]
    assert "id 1 is in line 2 too" in refused(("id", "1"), ("id,label", "1,u", "1,v"))


@pytest.mark.parametrize("column", ["label", "split", "patient"])
def test_what_decides_may_not_contradict(column):
    left, right = (f"file,{column}", "a,u", "b,v"), (f"{column},file,x", "u,a,1", "w,b,2")
    assert refused(left, right) == (
        f"A and B differ in {column} in 1 of 2 rows: v in line 3, and w in line 3 of the other; "
        "correct one, or leave the column to one table"
    )
    named = f"file=file,{column}=other"
    assert f"A and B differ in {column} in 1 of 2 rows" in join(left, right, named=named)[2][0]


def test_a_table_of_the_names_of_codes():
    left, right = ("file,label", "a,0", "b,1"), ("label,word", "0,u", "1,v")
    assert "share no column but label" in refused(left, right)
    assert "share no column but label" in refused(left, ("label,id", "0,a"), named="split=id")
    assert join(left, right, named="label=word")[1] == ["a,0,u", "b,1,v"]


def test_columns_of_files_with_two_names():
    left = ("file,label", "a.png,u", "b.png,v")
    header, rows, _ = join(left, ("image_id,label,split", "b,v,test", "a,u,train"))
    assert header == ("file", "label", "split") and rows == ["a.png,u,train", "b.png,v,test"]
    named = "file=key,label=dx"
    assert join(("key,dx", "a,u"), ("x,name", "1,a"), named=named)[1] == ["a,u,1"]
    assert "share no column: one has key, dx, the other x, y" in refused(
        ("key,dx", "a,u"), ("x,y", "1,a"), named=named
    )
    assert "share no column" in refused(("id,x", "1,p"), ("image,label", "1,u"))
    said = refused(left, ("image,age", "c,60"))
    assert "A and B are joined on file and image, and no row of one fits a row of" in said
    assert "file is a.png in the first and c in the other" in said


def test_ages_are_no_key():
    left, right = ("file,label,age", "a,u,60", "b,v,50"), ("image_id,age,split", "b,60,x", "a,50,y")
    header, rows, warnings = join(left, right)
    assert header == ("file", "label", "age", "split") and rows == ["a,u,60,y", "b,v,50,x"]
    assert "differ in age in 2 of 2 rows" in warnings[0]
    assert "share no column but age" in refused(("file,age", "1,60"), ("image_id,age", "7,60"))
    assert join(("file,site", "a,u", "b,u"), ("site,split", "u,test"))[1] == [
        "a,u,test",
        "b,u,test",
    ]


def test_no_row_fits():
    assert refused(("patient,file,study", "p1,a,", "p1,b,7"), ("patient,study,x", "q,8,1")) == (
        "A and B are joined on patient, study, and no row of one fits a row of the other: patient "
        "is p1 in the first and q in the other, study is 7 in the first and 8 in the other; spell "
        "them alike, give columns that say other things other names, or give tables that follow "
        "one another the same columns"
    )
    assert "file is a in the first and empty in the other" in refused(("file", "a"), ("file,x",))
