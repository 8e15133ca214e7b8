"""Rows of a table as files with labels, patients and splits, and rows that do not fit."""

import logging

import pytest

from medjax.data.pictures.listing.entry import Entry, FolderOptions
from medjax.data.pictures.listing.walking import walk
from medjax.data.pictures.table_rows import table_entries
from medjax.errors import UserError


@pytest.fixture
def listed(tmp_path):
    """``listed(text)`` lists the files of a table; a.png, b.png and c.dcm are there.

    The line about the files that it does not name is left out.
    """
    for name in ("a.png", "b.png", "c.dcm"):
        (tmp_path / name).touch()

    def command(text, **options):
        (tmp_path / "table.csv").write_bytes(text.encode(options.pop("encoding", "utf-8")))
        chosen = FolderOptions(table=str(tmp_path / "table.csv"), **options)
        found, patients, warnings, *_ = table_entries.entries(tmp_path, walk(tmp_path), chosen)
        return found, patients, [line for line in warnings if "are in no row" not in line]

    return command


@pytest.fixture
def refused(listed, tmp_path):
    def command(text, **options):
        with pytest.raises(UserError) as caught:
            listed(text, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value).replace(str(tmp_path), "SET")

    return command


def test_rows_are_entries(listed):
    text = "split,file,patient,label\ntest,b,p 1,x\nTrain,./a.png,2.0,y\n"
    found, patients, warnings = listed(text)
    assert found == [Entry("b.png", "test", "x", "p 1"), Entry("a.png", "train", "y", "2.0")]
    assert patients and not warnings
    assert listed("label,file\nx,c\n") == ([Entry("c.dcm", None, "x", "c.dcm")], False, [])


def test_patients_that_are_numbers_are_one_in_every_spelling(listed):
    found, _, _ = listed("file,label,patient\na,x,1.0\nb,y,1\n")
    assert [entry.group for entry in found] == ["1", "1"]


def test_rows_that_repeat_count_once(listed, refused, caplog):
    caplog.set_level(logging.INFO, "medjax")
    text = "file,label,patient,box\na.png,1,p,7\nb.png,2,q,\na,1.0,p,8\n./a.png,1,p,9\n"
    found, _, warnings = listed(text)
    assert [(entry.name, entry.label) for entry in found] == [("a.png", "1"), ("b.png", "2")]
    assert not warnings and "2 rows say again" in caplog.text
    for row, said in (
        ("a.png,2,p", "label is 2, and was 1"),
        ("a.png,1,q", "patient is q, and was"),
    ):
        assert f"line 6: a.png is listed twice, first in line 2: its {said}" in refused(
            f"{text}{row}"
        )


def test_rows_of_findings_that_repeat(listed, refused):
    text = "file,x,y,split\na.png,1,0,train\nb.png,0,1,test\na.png,1,0,train\n"
    assert len(listed(text, findings="x,y")[0]) == 2
    said = refused(f"{text}a.png,1,1,train\n", findings="x,y")
    assert said.endswith("line 5: a.png is listed twice, first in line 2: its y is 1, and was 0")
    said = refused(f"{text}a.png,1,0,test\n", findings="x,y")
    assert said.endswith("its split is test, and was train")


def test_patients_that_paths_tell_are_not_looked_for(listed):
    found, patients, warnings = listed(
        "file,label,PatientID,lesion\na,x,1,1\nb,y,1,1\n", patients=r"(\w)\."
    )
    assert not patients and not warnings and found[0].group == "a.png"


def test_rows_are_skipped_where_the_options_say_so(listed, tmp_path):
    text = "file,label\na.png,x\nb.png,\nd.png,y\n"
    found, _, warnings = listed(text, skip_missing=True, skip_unlabelled=True)
    assert [entry.name for entry in found] == ["a.png"]
    assert [line.partition("table.csv: ")[2] for line in warnings] == [
        "skipped 1 of 3 rows, no label",
        "skipped 1 of 3 rows, no file",
    ]


def test_warnings(listed):
    _, _, (said,) = listed("file,label\na,grün\nb,y\n", encoding="cp1252")
    assert "was read as Windows-1252" in said
    _, _, (said,) = listed("file,label\na,x|y\nb,y\n")
    assert "labels such as x|y seem to join several findings" in said
    _, _, (said,) = listed("file,label,lesion\na,x,1\nb,y,1\nc,y,2\n")
    assert 'data.folder.columns="patient=lesion"' in said
    _, _, (said,) = listed("file,label,fold\na,x,1\nb,y,2\n")
    assert 'data.folder.folds="test=2"' in said


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "SET/table.csv is empty: it needs rows under a header"),
        ("path,label\na.png,x", 'it has path, label: name them with data.folder.columns='),
        ("file,label\na.png,\nb.png,x", "no label in 1 of 2 rows, the first in line 2: a.png"),
        ("file,label\na.png,NA\nb.png,x", "skip these rows with data.folder.skip_unlabelled=True"),
        ("file,patient,label\na.png,,x", "no patient in 1 of 1 rows, the first in line 2: a.png"),
        (" FILE ,Patient,Label\na.png,,x", "no patient in 1 of 1 rows"),
        ("file,label\n,x", "no file name in 1 of 1 rows, the first in line 2; name one"),
        ("file,label\na.png,x\n./a.png,y", "line 3: a.png is listed twice, first in line 2"),
        ("file,label\na.png,x\na,y", "line 3: a.png is listed twice, first in line 2"),
        ("file,label\ngone.png,x\na.png,y", "no file in 1 of 2 rows, the first in line 2: gone"),
        ("file,label\ngone.png,x", "none of its 1 rows names a file of SET, the first in line 2: "),
        ("file,label\ntable.csv,x", "line 2: table.csv has no suffix of an image; choose"),
        ("file,PatientID,label\na.png,p,x", "has a column PatientID: if images of one belong"),
    ],
)  # fmt: skip
def test_rows_that_do_not_fit(text, message, refused):
    assert message in refused(text)


def test_rows_that_may_mean_two_files(refused, tmp_path):
    (tmp_path / "a.tif").touch()
    assert "line 2: a may be a.png and a.tif: write which" in refused("file,label\na,x\n")


def test_what_no_option_skips(refused):
    assert "no label in 1 of 1 rows" in refused("file,label\na.png,\n", skip_unlabelled=True)
    assert "none of its 1 rows" in refused("file,label\nd.png,x\n", skip_missing=True)


def test_a_table_that_is_not_there(refused, tmp_path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(UserError, match="cannot read the table"):
        options = FolderOptions(table=str(tmp_path / "table.csv"))
        table_entries.entries(tmp_path, [], options)


def test_rows_of_one_file_may_spell_its_patient_in_two_ways(listed):
    found, known, warnings = listed("file,label,patient\na.png,x,P-1\na,x,p1\nb,y,P2\n")
    assert [entry.group for entry in found] == ["P-1", "P2"] and known
    assert warnings == ["1 patient is spelled in several ways, as P-1 and p1, and is taken as one"]
