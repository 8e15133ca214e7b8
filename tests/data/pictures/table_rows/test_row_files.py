"""Files of rows: those of images rather than of their masks."""

import pathlib

import pytest

from medjax.data.pictures import decoding
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.table_rows import row_files
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table
from medjax.errors import UserError

CHOSEN = Columns(0, 1, None, (), {})


def files(cells, names, *, skip=False):
    rows = tuple(Row(line, (cell, "x")) for line, cell in enumerate(cells, start=2))
    table = Table(pathlib.Path("TABLE"), ("file", "label"), rows, ",", "utf-8")
    index = FileIndex(pathlib.Path("SET"), names, is_picture=decoding.is_picture)
    found, warnings = row_files.of_rows(table, CHOSEN, rows, index, skip=skip)
    return list(found.values()), warnings


def test_a_name_that_fits_an_image_and_its_mask_is_the_image():
    names = ["images/1.png", "images/2.png", "masks/1.png", "masks/2.png"]
    assert files(["1", "2.png"], names) == (["images/1.png", "images/2.png"], [])
    assert files(["masks/1.png"], names) == (["masks/1.png"], [])
    with pytest.raises(UserError, match=r"TABLE, line 2: 1 may be a/1\.png and b/1\.png: write"):
        files(["1"], ["a/1.png", "b/1.png"])


def test_long_cells_are_cut_in_messages():
    for cells in (["x" * 500], ["1", "x" * 500]):
        with pytest.raises(UserError) as caught:
            files(cells, ["1.png"])
        assert "x" * 80 + "…" in str(caught.value) and len(str(caught.value)) < 250
    assert files(["1", "x"], ["1.png"], skip=True)[1] == ["TABLE: skipped 1 of 2 rows, no file"]


def test_pictures_that_no_row_names_are_counted():
    names = ["a/1.png", "a/2.png", "a/3.tif", "a/2_mask.png", "a/notes.txt"]
    rows = tuple(Row(line, (cell, "x")) for line, cell in enumerate(("1", "2"), start=2))
    table = Table(pathlib.Path("TABLE"), ("file", "label"), rows, ",", "utf-8")
    index = FileIndex(pathlib.Path("SET"), names, is_picture=decoding.is_picture)
    assert row_files.unnamed(table, CHOSEN, index, {"a/1.png"}) == [  # the other row is not read
        "1 of 4 pictures are in no row of TABLE and are skipped; the first is a/3.tif"
    ]
    index = FileIndex(pathlib.Path("SET"), names[:2], is_picture=decoding.is_picture)
    assert not row_files.unnamed(table, CHOSEN, index, set(names[:2]))
