"""The sites that a table names, by row or by file."""

import dataclasses

import numpy as np
import pytest

from medjax import data
from medjax.errors import UserError
from medjax.study.sites.site_column import from_table

INFO = data.DatasetInfo("a", "multi-class", ("x",), "unknown", "scans", "", None, "")
FILED = dataclasses.replace(
    INFO, files={"train": ("b/2.png", "a/1.png", "c/3.png"), "test": ("a/9.png",)}
)


def table(folder, text):
    path = folder / "sites.csv"
    path.write_text(text)
    return path


def test_rows_are_in_the_order_of_the_images(tmp_path):
    found = from_table(table(tmp_path, "id,Site\n7,west\n8,east\n9,west\n"), INFO, 3)
    assert found.names == ("east", "west")
    assert found.places.tolist() == [1, 0, 1] and found.places.dtype == np.int32


def test_files_are_found_by_their_names(tmp_path):
    """In any order; a row of the test split is not used, and a suffix may be missing."""
    rows = "file,hospital\na/9.png,\na/1,A\nc\\3.png,B\nb/2.png,A\n"
    found = from_table(table(tmp_path, rows), FILED, 3, column="hospital")
    assert found.names == ("A", "B") and found.places.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("text", "info", "said"),
    [
        ("id,sit\n1,a\n", INFO, r"unknown column of .* 'site' \(did you mean 'sit'\?\)"),
        ("site,site\na,b\n", INFO, "has several columns site"),
        ("site\na\nb\n", INFO, "has 2 rows, but there are 3 training images; a set without files"),
        ("site,id\na,1\n,2\nb,3\n", INFO, "no site in 1 of 3 rows, the first in line 3"),
        ("site\na\nb\nc\n", FILED, "unknown column of .* 'file'"),
        ("file,site\na/1.png,x\n", FILED, "no row for 2 of 3 training images, the first b/2.png"),
        ("file,site\na/1.png,x\nb/2.png,\nc/3.png,y\n", FILED, "no site in 1 of 3 rows"),
    ],
)
def test_what_does_not_fit(tmp_path, text, info, said):
    with pytest.raises(UserError, match=said):
        from_table(table(tmp_path, text), info, 3)
