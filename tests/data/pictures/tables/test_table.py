"""Rows of a table in messages."""

import pathlib

from medjax.data.pictures.tables.table import Row, Table, rows_error


def test_rows_at_fault_are_counted():
    cells = [("a.png", ""), ("b.png", ""), ("c.png", "x")]
    rows = tuple(Row(line, found) for line, found in enumerate(cells, start=2))
    table = Table(pathlib.Path("table.csv"), ("file", "label"), rows, ",", "utf-8")
    error = rows_error(table, rows[:2], "no label", named=0, advice="fill it in")
    assert str(error) == (
        "table.csv: no label in 2 of 3 rows, the first in line 2: a.png; fill it in"
    )
