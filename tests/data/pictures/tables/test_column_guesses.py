"""Guesses at columns, for messages."""

import pathlib

import pytest

from medjax.data.pictures.tables import column_guesses
from medjax.data.pictures.tables.table import BY_NAME, Row, Table
from medjax.errors import UserError


def table(*lines, delimiter=","):
    header, *rows = [tuple(line.split(",")) for line in lines]
    numbered = tuple(Row(line, cells) for line, cells in enumerate(rows, start=2))
    return Table(pathlib.Path("TABLE"), header, numbered, delimiter, "utf-8")


def is_file(cell):
    return cell.startswith("img")


@pytest.mark.parametrize(
    "lines, settings",
    [
        (("id_code,diagnosis", "img1,0"), {"columns": "file=id_code,label=diagnosis"}),
        (("patientId,Target", "img1,0"), {"columns": "file=patientId,label=Target"}),
        (("image,NV,MEL", "img1,1,0", "img2,0,1"), {"columns": "file=image,label=NV,MEL"}),
        (("image,a,b", "img1,1,1", "img2,0,1"), {"columns": "file=image", "findings": "a,b"}),
        (("file,label", "img1,x"), {}),
    ],
)
def test_settings_that_probably_fit(lines, settings):
    assert column_guesses.suggested(table(*lines), {}, is_file) == settings


@pytest.mark.parametrize(
    "lines, numbers, above",
    [
        (
            ("1,img1,x,c", "1,img2,y,c", "2,img3,x,c"),
            "file=2,label=1",
            "label,file,column3,column4",
        ),
        (
            ("1,img1,x,c", "2,img2,y,c", "3,img3,x,c"),
            "file=2,label=3",
            "column1,file,label,column4",
        ),
        (("img1,x", "img2,x"), "file=1,label=2", "file,label"),
        (("a.png",), "file=1", "file"),
    ],
)
def test_a_missing_header(lines, numbers, above):
    with pytest.raises(UserError) as caught:
        column_guesses.refuse_no_header(table(*lines), is_file)
    assert str(caught.value).endswith(
        f'number the columns with data.folder.columns="{numbers}", or write this line above it: '
        f"{above}"
    )
    if ".png" not in lines[0]:
        column_guesses.refuse_no_header(table(*lines))


def test_the_name_of_a_table_is_no_column_of_it():
    with pytest.raises(UserError) as caught:
        column_guesses.refuse_no_header(table(f"a.png,x,{BY_NAME}", "b.png,y,test"))
    assert str(caught.value).endswith(": file,label")
