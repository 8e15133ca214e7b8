"""Which column is what: names, the setting, guesses, missing headers."""

import pathlib

import pytest

from medjax.data.pictures.tables import columns
from medjax.data.pictures.tables.table import Row, Table
from medjax.errors import UserError


def table(*lines, delimiter=","):
    header, *rows = [tuple(line.split(",")) for line in lines] if lines else [()]
    numbered = tuple(Row(line, cells) for line, cells in enumerate(rows, start=2))
    return Table(pathlib.Path("TABLE"), header, numbered, delimiter, "utf-8")


def is_file(cell):
    return cell.startswith("img")


def choose(*lines, setting="", labelled=True, grouped=False):
    how = {"is_file": is_file, "labelled": labelled, "grouped": grouped}
    return columns.choose(table(*lines), setting, **how)


def refused(*lines, **options):
    with pytest.raises(UserError) as caught:
        choose(*lines, **options)
    return str(caught.value)


def test_our_own_names_in_any_case():
    found = choose("Split,LABEL,File,patient", "train,x,img1,p")
    assert found[:4] == (2, 1, 3, (0,))
    assert choose("file,label", "img1,x")[:4] == (0, 1, None, ())


def test_names_by_the_setting():
    setting = "file=image id,label=DX,patient=who,split=fold"
    found = choose("fold,dx,image id,who,split", "1,x,img1,p,train", setting=setting)
    assert found[:4] == (2, 1, 3, (0,)) and found.given["split"] == "fold"
    found = choose("file,label,patient,split", "a,b,c,d", setting="patient=,split=")
    assert found[:4] == (0, 1, None, ())
    assert found.setting("label", "dx") == 'data.folder.columns="label=dx,patient=,split="'


def test_columns_that_may_hold_splits_are_in_order():
    assert choose("fold,set,label,file,SPLIT", "1,2,3,4,5").splits == (4, 1, 0)
    assert choose("set,label,file", "1,2,3", setting="label=set").splits == ()


def test_a_column_that_is_spelled_as_in_the_table():
    lines = ("file,label,Label", "img1,x,y")
    assert choose(*lines, setting="label=Label").label == 2
    assert choose(*lines, setting="label=label").label == 1


def test_no_column_of_patients_is_read_if_they_are_known():
    for header in ("file,label,patient", "file,label,Patient ID"):
        assert choose(header, "img1,x,7", grouped=True).patient is None
    said = refused("file,label,who", "a,b,c", setting="patient=who", grouped=True)
    assert said == "data.folder.columns and data.folder.patients both tell the patients: keep one"
    assert choose("file,label", "img1,x", setting="patient=", grouped=True).patient is None


def test_labels_are_needed_unless_there_are_findings():
    assert choose("file,edema", "img1,1", labelled=False)[:2] == (0, None)


@pytest.mark.parametrize(
    "lines, setting",
    [
        (("image_id,dx", "img1,x"), "file=image_id,label=dx"),
        (("Image Index,Finding Labels,Patient ID", "img1,x,7"),
         "file=Image Index,label=Finding Labels,patient=Patient ID"),
        (("lesion_id,image_id,dx,Set", "7,img1,x,train"),
         "file=image_id,label=dx,patient=lesion_id,split=Set"),
        (("id,image,path,class", "img1,7,8,x"), "file=id,label=class"),
        (("a,Target", "img1,1"), "file=a,label=Target"),
        (("file,verdict", "img1,x"), "label=LABEL_COLUMN"),
        (("file,target,male", "img1,1,0", "img2,0,1"), "label=target"),
        (("x,y,z", "1,2,3"), "file=FILE_COLUMN,label=y"),
    ],
)  # fmt: skip
def test_other_names_are_refused_with_the_setting(lines, setting):
    said = refused(*lines)
    assert said.endswith(f'name them with data.folder.columns="{setting}"')
    assert f"it has {lines[0].replace(',', ', ')}: " in said


@pytest.mark.parametrize(
    "lines, above",
    [
        (("img1,benign",), "file,label"),
        (("benign,img1", "benign,img2"), "label,file"),
        (("7,img1,x,train", "8,img2,x,test"), "column1,file,label,split"),
        (("scan.PNG,x",), "file,label"),
        (("img1",), "file"),
    ],
)
def test_a_missing_header_is_told(lines, above):
    assert refused(*lines).endswith(f"write this line above it: {above}")
    assert "has no header" in refused(*lines, setting="file=a")


@pytest.mark.parametrize(
    "lines, options, message",
    [
        ((), {}, "TABLE is empty: it needs rows under a header, as in file,label"),
        (("file,label",), {}, "TABLE has a header (file, label) but no rows"),
        (("file,label,Label", "a,b,c"), {"setting": "label=LABEL"}, "several columns called LABEL"),
        (
            ("file,label,Label", "a,b,c"),
            {},
            "called label: label, Label; rename all but one, or name",
        ),
        (("File,FILE,label", "a,b,c"), {}, "several columns called file: File, FILE"),
        (("file,file,label", "a,b,c"), {}, "several columns called file"),
        (("file,label", "a,b"), {"setting": "lable=x"}, "(did you mean 'label'?)"),
        (("file,label", "a,b"), {"setting": "label=lab"}, "unknown column of TABLE 'lab' (did"),
        (("file,label", "a,b"), {"setting": "dx"}, 'takes pairs, as in "file=image_id,label=dx"'),
        (("file,label,Patient ID", "a,b,c"), {}, 'data.folder.columns="patient=Patient ID"'),
        (("file,label,subject", "a,b,c"), {}, 'use data.folder.columns="patient="'),
    ],
)
def test_tables_that_do_not_fit(lines, options, message):
    assert message in refused(*lines, **options)


def test_only_patients_themselves_must_be_named():
    found = choose("file,label,Patient Age,patient_sex", "a,b,c,d")
    assert found.patient is None
    assert choose("patientId,label", "a,b", setting="file=patientId").patient is None


def test_patients_need_not_be_named_beside_columns_that_may_hold_splits():
    for header in ("file,label,split,MRN", "file,label,is_test,Patient ID"):
        assert choose(header, "img1,x,1,7").patient is None
