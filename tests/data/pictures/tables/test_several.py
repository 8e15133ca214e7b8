"""Tables one after the other, and joined; where they lie; tables without a header."""

import gzip

import pytest

from medjax.data.pictures.tables import reading, several
from medjax.data.pictures.tables.table import BY_NAME
from medjax.errors import UserError


@pytest.fixture
def read(tmp_path, monkeypatch):
    """``read(setting, **texts)`` writes tables of these names into the set and reads them."""
    (tmp_path / "set").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def command(setting, texts, *, named="", skip=False):
        for name, text in texts.items():
            (tmp_path / "set" / name).write_text(text)
        return several.read(tmp_path / "set", setting, named=named, skip=skip)

    return command


@pytest.fixture
def refused(read, tmp_path):
    def command(*args, **options):
        with pytest.raises(UserError) as caught:
            read(*args, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value).replace(str(tmp_path / "set"), "SET")

    return command


def cells(table):
    return [row.cells for row in table.rows]


def test_one_table_stays_as_it_is(read, tmp_path):
    table, warnings = read("a.csv", {"a.csv": "file,label\n1.png,x\n"})
    assert table == reading.read(tmp_path / "set" / "a.csv") and not warnings
    assert table.rows[0].place == "line 2"


def test_tables_of_one_header_follow_one_another(read, tmp_path):
    texts = {"a.csv": "file,Label\n1.png,x\n", "b.csv": "File;label\n\n2.png;y\n"}
    table, _ = read("a.csv, b.csv", texts)
    assert table.header == ("file", "Label") and cells(table) == [("1.png", "x"), ("2.png", "y")]
    folder = tmp_path / "set"
    assert str(table.path) == f"{folder}/a.csv,{folder}/b.csv"
    assert [row.place for row in table.rows] == [
        f"line 2 of {folder}/a.csv",
        f"line 3 of {folder}/b.csv",
    ]


@pytest.mark.parametrize(
    "one, other, words",
    [
        ("train.csv", "valid.csv", ["train", "valid"]),
        ("ISIC_Training_labels.csv", "ISIC_TEST_labels.csv", ["Training", "TEST"]),
        ("fold 1 train.tsv", "fold 1-val.tsv", ["train", "val"]),
        ("train2019.csv", "test2019.tsv.gz", ["train", "test"]),
        ("test_2020.csv", "train-v2.csv", ["test", "train"]),
        ("trainLabels.csv", "TestLabels15.csv", ["train", "Test"]),
        ("Train1.csv", "2Valid.csv", ["Train", "Valid"]),
        ("trainval.csv", "test.csv", ["train", "test"]),
        ("train.csv", "other.csv", ["train", "other"]),
        ("trainLabels.csv", "external.v2.csv", ["train", "external.v2"]),
        ("train_a.csv", "train_b.csv", None),
        ("constraints.csv", "latest.csv", None),
        ("train_val.csv", "test.csv", ["train", "test"]),
        ("test_train.csv", "val.csv", ["test_train", "val"]),
    ],
)
def test_names_of_tables_are_splits(one, other, words, read):
    texts = {one: "file,label\n1.png,x\n", other: "file,label\n2.png,y\n"}
    table, _ = read(f"{one},{other}", texts)
    added = [row.cells[2:] for row in table.rows]
    if words is None:
        assert table.header == ("file", "label") and added == [(), ()]
    else:
        assert table.header[2] == BY_NAME and added == [(word,) for word in words]


def test_columns_of_another_order_are_the_same_header(read):
    texts = {"a.csv": "file,label\n1.png,x\n", "b.csv": "Label,File\ny,2.png\n"}
    table, _ = read("a.csv,b.csv", texts)
    assert table.header == ("file", "label") and cells(table) == [("1.png", "x"), ("2.png", "y")]


def test_tables_of_other_headers_are_joined(read):
    texts = {
        "split.csv": "image,study,subject,split\na,1,7,train\nb,1,7,train\nc,2,8,test\n",
        "labels.csv": "Subject,study,label\n8,2,y\n7,1,x\n9,3,z\n",
        "more.csv": "image,view\na,AP\nb,PA\nc,AP\n",
    }
    table, warnings = read("split.csv,labels.csv,more.csv", texts)
    assert table.header == ("image", "study", "subject", "split", "label", "view")
    assert cells(table) == [
        ("a", "1", "7", "train", "x", "AP"),
        ("b", "1", "7", "train", "x", "PA"),
        ("c", "2", "8", "test", "y", "AP"),
    ]
    assert not warnings and table.rows[2].line == 4


def test_stacked_and_joined(read):
    texts = {
        "train.csv": "id\na\n",
        "test.csv": "id\nb\n",
        "labels.csv": "id,label\na,x\nb,y\n",
    }
    table, _ = read("train.csv,labels.csv,test.csv", texts)
    assert table.header == ("id", BY_NAME, "label")
    assert cells(table) == [("a", "train", "x"), ("b", "test", "y")]


def test_lists_of_files_are_splits(read, refused):
    texts = {
        "labels.csv": "id,dx\n1.png,x\n2.png,y\n3.png,x\n",
        "train_val_list.txt": "3.png\n1.png\n",
        "test_list.txt": "2.png\n",
    }
    named, setting = "file=id,label=dx", "labels.csv,train_val_list.txt,test_list.txt"
    table, _ = read(setting, texts, named=named)
    assert table.header == ("id", "dx", BY_NAME)
    assert [row.cells[2] for row in table.rows] == ["train", "test", "train"]
    texts["test_list.txt"] = "4.png\n"
    assert "with the same id in 1 of 3 rows, the first in line 3: 2.png" in refused(
        setting, texts, named=named
    )


def test_rows_without_a_partner(read, refused):
    texts = {"a.csv": "id,x\n1,p\n2,q\n,r\n", "b.csv": "id,label\n2,y\n,z\n"}
    said = refused("a.csv,b.csv", texts)
    assert said == (
        "SET/a.csv: no row of SET/b.csv with the same id in 2 of 3 rows, the first in line 2: 1; "
        "add one, or skip these rows with data.folder.skip_missing=True"
    )
    table, (warning,) = read("a.csv,b.csv", texts, skip=True)
    assert cells(table) == [("2", "q", "y")] and "skipped 2 of 3 rows, no row of" in warning


@pytest.mark.parametrize(
    "texts, message",
    [
        (
            {"a.csv": "id,x\n1,p\n", "b.csv": "image,label\n1,y\n"},
            "SET/a.csv and SET/b.csv share no column: one has id, x, the other image, label",
        ),
        (
            {"a.csv": "id,label\n1,p\n", "b.csv": "image,id\nu,1\nv,1\n"},
            "SET/b.csv, line 3: id 1 is in line 2 too, and rows of another table are joined on it; "
            "name the table of the images first",
        ),
        (
            {"a.csv": "1.png x\n2.png y\n", "b.csv": "3.png x\n"},
            'SET/a.csv has no header, its first line is a row already: number the columns with '
            'data.folder.columns="file=1,label=2", or write this line above it: file label',
        ),
        ({"a.csv": "id,x\n1,p\n"}, "cannot read the table b.csv: No such file"),
    ],
)  # fmt: skip
def test_tables_that_do_not_fit(texts, message, refused):
    assert message in refused("a.csv,b.csv", texts)


def test_tables_without_a_header(read, refused):
    texts = {"train.txt": "0 a.png x c\n1 b.png y c\n", "test.txt": "2 c.png x d\n"}
    table, _ = read("train.txt,test.txt", texts, named="patient=1,file=2,label=3")
    assert table.header == ("1", "2", "3", "4", BY_NAME)
    assert cells(table)[0] == ("0", "a.png", "x", "c", "train") and table.rows[0].line == 1
    texts["test.txt"] = "2 c.png x\n"
    assert "have no header" in refused("train.txt,test.txt", texts, named="file=2")


def test_columns_that_are_called_numbers(read):
    table, _ = read("a.csv", {"a.csv": "0,1\na.png,x\n"}, named="file=0,label=1")
    assert table.header == ("0", "1") and cells(table) == [("a.png", "x")]


def test_where_tables_lie(read, tmp_path):
    text = "file,label\n1.png,x\n"
    table, _ = read("a.csv", {"a.csv": text})
    assert table.path == tmp_path / "set" / "a.csv"
    (tmp_path / "here" / "a.csv").write_text(text)
    assert str(read("a.csv", {})[0].path) == "a.csv"
    for name in ("a,b.csv", "(a),(b).csv"):
        assert read(name, {name: text})[0].path == tmp_path / "set" / name


def test_brackets_keep_a_list_together(read):
    text = "file,label\n1.png,x\n"
    assert len(read("(a.csv,b.csv)", {"a.csv": text, "b.csv": text})[0].rows) == 2


def test_packed_tables_are_splits_by_name_too(read, tmp_path):
    for name in ("train", "test"):
        content = gzip.compress(f"file,label\n{name}.png,x\n".encode())
        (tmp_path / "set" / f"{name}.csv.gz").write_bytes(content)
    table, _ = read("train.csv.gz,test.csv.gz", {})
    assert cells(table) == [("train.png", "x", "train"), ("test.png", "x", "test")]
