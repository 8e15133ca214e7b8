"""Labels that are not the class folder of their file."""

import pathlib

from medjax.data.pictures.table_rows import label_folders
from medjax.data.pictures.tables.table import Row, Table

TABLE = Table(pathlib.Path("TABLE"), ("file", "label"), (), ",", "utf-8")


def told(*pairs):
    rows = {Row(n, pair): pair for n, pair in enumerate(pairs, start=2)}
    labels, names = ({row: pair[k] for row, pair in rows.items()} for k in (1, 0))
    return label_folders.contradictions(TABLE, labels, names)


def test_some_rows_contradict_their_folders():
    agree = [("Benign/a", "benign"), ("Benign/b", "benign"), ("x/malignant tumours/c", "Malignant")]
    agree[2] = ("x/Malignants/c", "Malignant")
    assert told(*agree) == []
    (said,) = told(*agree, ("Malignants/d", "benign"))
    assert said == (
        "TABLE: the label of 1 of 4 rows is not the class folder of the file, as 'benign' for "
        "Malignants/d in line 5; the table counts"
    )


def test_folders_that_are_no_classes():
    assert told(("0/a", "0"), ("1/b", "0"), ("0/c", "1"), ("1/d", "1")) == []  # parts
    assert told(("0/a", "0"), ("x/b", "1"), ("0/c", "0"), ("0/d", "1")) == []  # one folder
    assert told(("a", "0"), ("b", "1")) == []
    assert told(("x/a", (0, 1)), ("y/b", (1, 0))) == []
