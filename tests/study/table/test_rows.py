"""A table that was written is read as it was."""

import pytest

from medjax.errors import UserError
from medjax.study.table.rows import COLUMNS, Row, read_table, read_tables, table_text, write_table

ROWS = [
    Row("a, b", "dm", 10, 0, "test", "auroc", 1 / 3, 0.01, 5, 60.5, 20, 15680, "3f"),
    Row("mine", "random", 1, 2**20, "val", "slope", -2.5, None, 0, None, 0, 0, "4a"),
]


def test_it_is_read_as_it_was_written(tmp_path):
    write_table(tmp_path / "table.csv", ROWS)
    assert read_table(tmp_path / "table.csv") == ROWS


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is no table of a study"),
        ("dataset,method\na,b\n", "is no table of a study"),
        (table_text(ROWS).replace("60.5", "soon"), "table.csv, line 2: could not convert"),
        (",".join(COLUMNS) + "\na,dm\n", "table.csv, line 2: it has not 13 cells"),
        (table_text(ROWS[:1]).rstrip() + ",more\n", "line 2: it has not 13 cells"),
    ],
)
def test_another_file_is_refused(text, complaint, tmp_path):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(UserError, match=complaint):
        read_table(tmp_path / "table.csv")


def test_the_tables_of_several_studies_are_one(tmp_path):
    with pytest.raises(UserError, match=r"there is no table.csv in"):
        read_tables(tmp_path)
    write_table(tmp_path / "table_more.csv", [ROWS[0]._replace(mean=0.0), ROWS[1]])
    assert len(read_tables(tmp_path)) == 2
    write_table(tmp_path / "table.csv", ROWS[:1])
    assert read_tables(tmp_path) == ROWS  # of equal cells, the one of table.csv


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"cannot read|is no table"):
        read_table(tmp_path / "table.csv")
    with pytest.raises(UserError, match="there is no table"):
        read_table(tmp_path / "none.csv")
