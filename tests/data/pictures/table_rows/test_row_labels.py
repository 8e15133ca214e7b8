"""Labels of rows: classes in one spelling, and findings that are classes."""

import pathlib

from medjax.data.pictures.listing.entry import FolderOptions
from medjax.data.pictures.table_rows import row_labels
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table

CHOSEN = Columns(0, 1, None, (), {"file": "id"})


def labelled(header, *lines, **options):
    rows = tuple(Row(n, tuple(line.split(","))) for n, line in enumerate(lines, start=2))
    table = Table(pathlib.Path("TABLE"), tuple(header.split(",")), rows, ",", "utf-8")
    found = row_labels.of_rows(table, CHOSEN, FolderOptions(**options))
    return list(found.by_row.values()), found.warnings, found.findings


def test_numbers_of_one_value_are_one_class():
    assert labelled("id,label", "a,1", "b,1.0", "c,2") == (["1", "1", "2"], [], ())


def test_findings_of_which_each_image_has_one():
    found, (said,), names = labelled("id,x,y", "a,1,0", "b,0,1", findings="x,y")
    assert found == [(1, 0), (0, 1)] and names == ("x", "y")
    assert said == (
        "TABLE: each row is 1 in exactly one of x, y; "
        'data.folder.columns="file=id,label=x,y" reads them as classes'
    )
    assert not labelled("id,x,y", "a,1,0", "b,0,0", findings="x,y")[1]


def test_long_labels_are_cut_in_warnings():
    _, (said,), _ = labelled("id,label", f"a,{'x' * 300}|y", "b,y")
    assert len(said) < 300 and "…" in said
