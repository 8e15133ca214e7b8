"""Layouts of image folders and tables, and what is wrong with others."""

import pytest

from medjax.data import CutOptions, FolderOptions
from medjax.data.pictures import folders
from medjax.errors import UserError


@pytest.fixture
def make(tmp_path):
    """Makes empty files; gives the folder."""

    def make(*names):
        for name in names:
            file = tmp_path / "set" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        return tmp_path / "set"

    return make


def _message(folder, **options):
    with pytest.raises(UserError) as caught:
        found = folders.entries(folder, FolderOptions(**options), CutOptions()).entries
        folders.check_classes(str(folder), found)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(folder), "SET")


def _table(folder, text):
    (folder / "table.csv").write_text(text)
    return {"table": str(folder / "table.csv")}


def test_splits_and_classes_by_folder(make):
    folder = make("train/b/1.PNG", "train/a/2.tif", "test/a/3.dcm", "test/a/.hidden.png")
    found = folders.entries(folder, FolderOptions(), CutOptions()).entries
    assert [(e.name, e.split, e.label) for e in found] == [
        ("test/a/3.dcm", "test", "a"),
        ("train/a/2.tif", "train", "a"),
        ("train/b/1.PNG", "train", "b"),
    ]
    assert folders.class_names(found) == ("a", "b")


def test_without_splits_it_is_cut(make):
    folder = make(*(f"{c}/{i}.png" for c in "ab" for i in range(20)))
    found = folders.entries(folder, FolderOptions(), CutOptions(val=0.1, test=0.2)).entries
    counts = [sum(e.split == s for e in found) for s in ("train", "val", "test")]
    assert counts == [28, 4, 8]


def test_a_table_beside_splits_is_refused(make):
    folder = make("train/a/1.png", "test/a/2.png")
    said = _message(folder, **_table(folder, "file,label\ntrain/a/1.png,a\ntest/a/2.png,a"))
    assert said.startswith("SET is cut already, into train, test; a table would cut it again")


def test_classes_that_are_numbers_are_in_their_order():
    entries = [folders.Entry(f"{c}", "train", c, c) for c in ("10", "9", "1")]
    assert folders.class_names(entries) == ("1", "9", "10")
    assert folders.class_names([*entries, entries[0]._replace(label="x")])[-1] == "x"


def test_a_table_names_files_patients_and_labels(make):
    folder = make(*(f"scans/{i}.png" for i in range(30)))
    rows = "\n".join(f"scans/{i}.png,p{i // 3},{'ab'[i // 3 % 2]}" for i in range(30))
    options = FolderOptions(**_table(folder, f"file,patient,label\n{rows}"))
    found = folders.entries(folder, options, CutOptions()).entries
    assert len(found) == 30 and len({e.split for e in found}) == 3
    for patient in range(10):
        assert len({e.split for e in found if e.group == f"p{patient}"}) == 1
    assert {e.name: e.label for e in found}["scans/3.png"] == "b"


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "is empty: it needs rows under a header"),
        (
            "path,label\na.png,x",
            'it has path, label: say which they are with data.folder.columns="',
        ),
        ("file,label\na.png,", "no label in 1 of 1 rows, the first in line 2: a.png"),
        ("file,patient,label\na.png,,x", "no patient in 1 of 1 rows, the first in line 2: a.png"),
        ("file,label\na.png,x\n./a.png,y", "line 3: a.png is listed twice"),
        (
            "file,label\ngone.png,x",
            "no file of its 1 rows is in SET, the first in line 2: gone",
        ),
        ("file,label\ntable.csv,x", "table.csv has no suffix of an image; choose from: .png"),
        ("file,label\na.png,x\n", "too few"),
        (
            "file,PatientID,label\na.png,p,x",
            "has a column PatientID: if images of one",
        ),
        (" FILE ,Patient,Label\na.png,,x", "no patient in 1 of 1 rows"),
    ],
)
def test_tables_that_do_not_fit(text, message, make):
    folder = make("a.png")
    assert message in _message(folder, **_table(folder, text))


def test_a_table_that_is_no_text(make):
    folder = make("a.png")
    (folder / "table.csv").write_bytes(b"\xff\xfe\x00file")
    assert "cannot read the table" in _message(folder, table=str(folder / "table.csv"))
    assert "cannot read the table" in _message(folder, table=str(folder / "gone.csv"))


@pytest.mark.parametrize(
    "files, message",
    [
        ([], "no folder SET"),
        (["readme.txt"], "SET holds no images in class folders; SET holds 1 × .txt"),
        (["a/1.png", "a/2.png", "a/3.png", "a/4.png"], "SET holds 1 class; needs two or more"),
        (["train/a/1.png", "train/b/1.png"], "SET holds no images in test"),
        (["train/a/1.png", "train/b/1.png", "test/c/1.png"], "SET: class c has no image in train"),
        (["train/a/1.png", "masks/a/1.png"], "SET holds masks beside train"),
        (["bccd/train/a/1.png", "bccd/train/b/1.png"], "SET holds no images in test"),
        (["a/1.png", "b/1.png"], "too few"),
    ],
)
def test_layouts_that_are_none(files, message, make, tmp_path):
    make(*files)
    assert message in _message(tmp_path / "set")
