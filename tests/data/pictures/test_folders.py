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
        found = folders.entries(folder, FolderOptions(**options), CutOptions())
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
    assert folders.classes_of(found) == ("a", "b")


def test_without_splits_it_is_cut(make):
    folder = make(*(f"{c}/{i}.png" for c in "ab" for i in range(20)))
    found, *_, cut = folders.entries(folder, FolderOptions(), CutOptions(val=0.1, test=0.2))
    assert cut == "file"
    counts = [sum(e.split == s for e in found) for s in ("train", "val", "test")]
    assert counts == [28, 4, 8]


def test_a_table_beside_splits_is_refused(make):
    folder = make("train/a/1.png", "test/a/2.png")
    said = _message(folder, **_table(folder, "file,label\ntrain/a/1.png,a\ntest/a/2.png,a"))
    assert said.startswith("SET is cut already, into train, test; a table would cut it again")


def test_classes_that_are_numbers_are_in_their_order():
    entries = [folders.Entry(f"{c}", "train", c, c) for c in ("10", "9", "1")]
    assert folders.classes_of(entries) == ("1", "9", "10")
    assert folders.classes_of([*entries, entries[0]._replace(label="x")])[-1] == "x"


def test_a_table_names_files_patients_and_labels(make):
    folder = make(*(f"scans/{i}.png" for i in range(30)))
    rows = "\n".join(f"scans/{i}.png,p{i // 3},{'ab'[i // 3 % 2]}" for i in range(30))
    options = FolderOptions(**_table(folder, f"file,patient,label\n{rows}"))
    found, _, warnings, _, cut = folders.entries(folder, options, CutOptions())
    assert cut == "patient" and warnings == ()
    assert len(found) == 30 and len({e.split for e in found}) == 3
    for patient in range(10):
        assert len({e.split for e in found if e.group == f"p{patient}"}) == 1
    assert {e.name: e.label for e in found}["scans/3.png"] == "b"


def test_official_splits_of_a_table_are_kept_wherever_its_files_lie(make):
    folder = make("train/a/1.png", "test/a/2.png")
    rows = "train/a/1.png,a,test,p\ntest/a/2.png,b,train,p"
    options = FolderOptions(**_table(folder, f"file,label,split,patient\n{rows}"))
    found, _, warnings, _, cut = folders.entries(folder, options, CutOptions())
    assert [(e.name, e.split) for e in found] == [
        ("test/a/2.png", "train"),
        ("train/a/1.png", "test"),
    ]
    assert cut == "" and warnings == ("leakage: 1 patient is in train and test",)


def test_patients_in_folders_stay_in_one_split(make):
    folder = make(*(f"{c}/p{i // 3}{c}/{i}.png" for c in "ab" for i in range(30)))
    found, *_, cut = folders.entries(folder, FolderOptions(patients="folders"), CutOptions())
    assert cut == "patient" and len({entry.group for entry in found}) == 20
    for group in {entry.group for entry in found}:
        assert len({entry.split for entry in found if entry.group == group}) == 1


@pytest.mark.parametrize("table", [False, True])
def test_patients_in_the_names_of_files_stay_in_one_split(make, table):
    names = [f"{c}/{c}-{i // 3}-{i % 3}.png" for c in "ab" for i in range(30)]
    folder = make(*names)
    rows = "\n".join(f"{name},{name[0]}" for name in names)
    named = _table(folder, f"file,label\n{rows}") if table else {}
    options = FolderOptions(**named, patients=r"(\w-\d+)-\d")
    found, *_, cut = folders.entries(folder, options, CutOptions())
    assert cut == "patient" and len({entry.group for entry in found}) == 20
    for group in {entry.group for entry in found}:
        assert len({entry.split for entry in found if entry.group == group}) == 1
    assert "finds no patient in 30 of 60 files, the first is b/b-0-0.png" in _message(
        folder, **named, patients=r"a-\d+"
    )


def test_patients_in_the_names_of_files_may_be_in_two_splits(make):
    folder = make("train/a/1-1.png", "train/b/2-1.png", "test/a/1-2.png", "test/b/3-1.png")
    options = FolderOptions(patients=r"(\d)-\d")
    _, _, warnings, _, cut = folders.entries(folder, options, CutOptions())
    assert cut == "" and warnings == ("leakage: 1 patient is in train and test",)


def test_class_folders_of_one_value_are_one_class(make):
    found = folders.entries(
        make(*(f"{name}/{i}.png" for name in ("1", "1.0", "10", "2") for i in range(9))),
        FolderOptions(),
        CutOptions(),
    ).entries
    assert folders.classes_of(found) == ("1", "2", "10")


@pytest.mark.parametrize(
    "files, message",
    [
        ([], "no folder SET"),
        (
            ["readme.txt"],
            "SET holds no images in class folders (found files: 1 × .txt);",
        ),
        (["a/1.png", "a/2.png", "a/3.png", "a/4.png"], "SET holds 1 class; needs two or more"),
        (
            ["a/1.png", "a/1_mask.png", "a/2.png", "a/2_mask.png"],
            "SET holds 1 class beside 2 files taken for masks; needs two or more",
        ),
        (["train/a/1.png", "train/b/1.png"], "SET holds no images in test"),
        (["train/a/1.png", "train/b/1.png", "test/c/1.png"], "SET: class c has no image in train"),
        (["a/p/1.png", "b/p/1.png"], "data.folder.patients=folders"),
        (["train/a/1.png", "masks/a/1.png"], "SET holds masks beside train"),
        (["bccd/train/a/1.png", "bccd/train/b/1.png"], "SET holds no images in test"),
        (
            [*(f"train/{n // 3}/{n}.png" for n in range(36)), "test/12/1.png"],
            "SET: 13 labels for 37 images look like measurements",
        ),
        (["a/1.png", "b/1.png"], "too few"),
        (
            ["train/a/1.png", "train/b/1.png", "test/A/1.png"],
            "class 'A' has no image in train; 'a'",
        ),
        (
            ["train/a/1.png", "train/b/1.png", "test/b /1.png"],
            "class 'b ' has no image in train; 'b'",
        ),
        (["train/a/1.png", "val/a/1.png"], "SET holds no images in test; rename val to test"),
        (
            ["train/a/1.png", "test/1.png"],
            "in test (none of the 1 there lies in test/CLASS/FILE); folder:SET",
        ),
        (
            [f"{x}/{x}.png" for x in "abcdefghijklm"],
            "13 labels for 13 images look like measurements",
        ),
    ],
)
def test_layouts_that_are_none(files, message, make, tmp_path):
    make(*files)
    assert message in _message(tmp_path / "set")


FINDINGS = """file,edema,Effusion,patient
a.png,1,0,p1
b.png,0,1,p2
c.png,-1,1,p3
d.png,1,,p4
e.png,0,0,p5
f.png,1,1,p6
"""


def test_findings_in_columns(make):
    folder = make(*(f"{x}.png" for x in "abcdef"))
    table = _table(folder, FINDINGS)
    options = FolderOptions(**table, findings="effusion,edema", uncertain="ignore")
    listing = folders.entries(folder, options, CutOptions(val=0, test=0.4))
    assert listing.findings == ("Effusion", "edema") and listing.cut == "patient"
    assert [entry.label for entry in listing.entries] == [
        *((0, 1), (1, 0), (1, -1), (-1, 1), (0, 0), (1, 1))
    ]
    assert all(type(x) is int for entry in listing.entries for x in entry.label)  # JSON


def test_findings_that_are_asked_for_wrongly(make):
    folder = make(*(f"{x}.png" for x in "abcdef"))
    table = _table(folder, FINDINGS)
    said = _message(folder, findings="|")
    assert said == "data.folder.findings is for a table: name it with data.folder.table"
    said = _message(folder, **table, uncertain="ones")
    assert said.startswith("data.folder.uncertain=ones is for findings: name them with")
    said = _message(folder, **table, findings="edema,effusion", uncertain="half")
    assert "unknown data.folder.uncertain 'half'; choose from: zeros, ones, ignore" in said
    said = _message(folder, **table)
    assert said.endswith('name them with data.folder.findings="edema,Effusion"')
    renamed = _table(folder, FINDINGS.replace("file", "image_id"))
    said = _message(folder, **renamed)
    assert said.endswith('"file=image_id" and data.folder.findings="edema,Effusion"')


def test_a_finding_that_cannot_be_learned(make):
    folder = make(*(f"{x}.png" for x in "abcdef"))
    rows = "file,split,a,b,c\na.png,train,1,0,1\nb.png,train,0,0,0\nc.png,test,0,1,0\n"
    table = _table(folder, rows)
    assert _message(folder, **table, findings="a,b") == "SET: finding b has no image in train"
    said = _message(folder, **table, findings="c")
    assert said == (
        'SET holds 1 finding; needs two or more; data.folder.columns="label=c" reads it as two '
        "classes"
    )


def test_rows_without_any_finding_can_be_skipped(make):
    folder = make(*(f"{x}.png" for x in "abcdef"))
    rows = "file,split,a,b\na.png,train,1,0\nb.png,train,0,1\nc.png,test,1,1\nd.png,train,,\n"
    table = _table(folder, rows)
    assert "2 empty cells" in _message(folder, **table, findings="a,b")
    options = FolderOptions(**table, findings="a,b", skip_unlabelled=True)
    assert len(folders.entries(folder, options, CutOptions()).entries) == 3
    joined = "file,split,label\na.png,train,x;y\nb.png,train,none\nc.png,test,x\nd.png,train,\n"
    options = FolderOptions(**_table(folder, joined), findings=";", skip_unlabelled=True)
    assert len(folders.entries(folder, options, CutOptions()).entries) == 3
