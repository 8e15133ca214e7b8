"""Columns that may hold patients: taken, asked about, or refused."""

import pathlib

import pytest

from medjax.data.pictures.table_rows import patient_columns
from medjax.data.pictures.tables import column_guesses, columns
from medjax.data.pictures.tables.table import Row, Table
from medjax.errors import UserError

ROWS = ("a,x,1", "b,x,1", "c,y,2", "d,y,3")


def read(name, *lines, setting="", splits=""):
    """Returns the table, its columns, its rows, and the split of each row by a letter each."""
    rows = tuple(Row(i, tuple(line.split(","))) for i, line in enumerate(lines or ROWS, start=2))
    table = Table(pathlib.Path("TABLE"), ("file", "label", name), rows, ",", "utf-8")
    how = {"is_file": lambda _: False, "labelled": True, "grouped": True}
    chosen = columns.choose(table, setting, **how)
    words = {"r": "train", "v": "val", "e": "test"}
    named = {row: words[letter] for row, letter in zip(rows, splits, strict=bool(splits))}
    return table, chosen, rows, named


def asked(*args, **kwargs):
    return patient_columns.question(*read(*args, **kwargs))


def taken(*args, **kwargs):
    return patient_columns.with_patients(*read(*args, **kwargs)[:3]).patient == 2


PATIENTS = (
    *("MRN", "mrn_no", "Patientennummer", "PatientenID", "Patienten-Nr.", "Patient ID", "subj"),
    *("subject", "Subj_ID", "SubjectID", "id_patient", "patient_uid", "Proband", "patients"),
)
PERSONS = ("pid", "participant_id", "person", "Case ID")
UNITS = (*PERSONS, "lesion_id", "case", "Fallnummer")
STUDIES = ("StudyInstanceUID", "study", "AccessionNumber", "Accession No", "exam_id", "ID")


@pytest.mark.parametrize("name", PATIENTS)
def test_names_of_patients_are_refused_until_a_setting_says_what_they_are(name):
    table, chosen, *_ = read(name)
    with pytest.raises(UserError) as caught:
        columns.refuse_unnamed_patients(table, chosen)
    assert f'use data.folder.columns="patient={name}"' in str(caught.value)
    for setting in ("patient=", f"label={name}"):
        assert not taken(name, setting=setting)


@pytest.mark.parametrize("name", ["Patient Age", "patient_sex", "impatient", "subjective", "norm"])
def test_others_are_no_patients(name):
    table, chosen, *_ = read(name)
    columns.refuse_unnamed_patients(table, chosen)
    assert asked(name) == [] and not taken(name)
    assert column_guesses.patient_rank(name) is None


@pytest.mark.parametrize("name", UNITS)
def test_what_belongs_together_is_asked_about(name):
    (said,) = asked(name)
    assert f"images that share a {name} may be in several splits" in said
    assert said.endswith(f'data.folder.columns="patient={name}" keeps them together')


@pytest.mark.parametrize("name", STUDIES)
def test_studies_and_ids_are_a_question(name):
    (said,) = asked(name)
    assert said == (
        f"TABLE: several images share a value of {name}; if they show one patient, "
        f'data.folder.columns="patient={name}" keeps them in one split'
    )
    assert not taken(name)


def test_values_that_say_nothing():
    assert asked("ID", "a,x,1", "b,y,2") == []  # each file has its own
    assert asked("ID", "a,x,1", "b,y,1") == []  # all files have one
    assert asked("ID", "a,x,1", "a,x,1", "b,x,2", "b,x,2") == []  # rows of one file
    assert asked("ID", "a,x,1", "a,x,2", "b,x,2", "c,x,2") == []  # a file has two
    assert asked("ID", "a,x,1", "b,x,1", "c,y,2", "d,y,2") == []  # another name of the labels
    assert asked("ID", "a,x,", "b,x,1", "c,y,1", "d,y,2") == []
    assert asked("ID", setting="patient=") == []
    assert asked("ID", setting="file=ID,label=label") == []


def test_the_likeliest_column_is_named():
    header = ("StudyInstanceUID", "lesion_id", "label", "file", "ID")
    rows = tuple(Row(i, (str(i // 2), str(i // 3), "xy"[i % 2], f"{i}", "7")) for i in range(8))
    table = Table(pathlib.Path("TABLE"), header, rows, ",", "utf-8")
    how = {"is_file": lambda _: False, "labelled": True, "grouped": False}
    chosen = columns.choose(table, "", **how)
    (said,) = patient_columns.question(table, chosen, rows, {})
    assert "patient=lesion_id" in said


@pytest.mark.parametrize("name", [*PATIENTS, *PERSONS])
def test_patients_of_official_splits_are_taken(name):
    assert taken(name)
    assert not taken(name, setting="patient=")
    assert not taken(name, "a,x,1", "b,x,", "c,y,2")
    assert not taken(name, "a,x,1", "a,x,2", "c,y,2", "d,y,2")
    assert taken(name, "a,x,1", "b,x,2") == (name in PATIENTS)


@pytest.mark.parametrize("name", ["lesion_id", "case", *STUDIES])
def test_others_in_two_official_splits_are_a_question(name):
    assert not taken(name)
    (said,) = asked(name, splits="rerr")
    assert said == (
        f"TABLE: perhaps leakage: 1 value of {name} is in train and test; if images that share "
        f'one show one patient, data.folder.columns="patient={name}" counts patients'
    )
    assert asked(name, splits="rrer") == []
