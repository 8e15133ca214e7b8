"""Patients in the paths of files."""

import pytest

from medjax.data.pictures.listing import patients
from medjax.data.pictures.listing.entry import Entry
from medjax.errors import UserError


def groups(expression, *names):
    entries = [Entry(name, None, "x", name) for name in names]
    return [entry.group for entry in patients.of_paths(entries, expression)]


@pytest.mark.parametrize(
    "expression, name, patient",
    [
        (r"-(\d+)-", "train/CNV/CNV-1016042-1.jpeg", "1016042"),
        (r"patient(\d+)", "train/patient00001/study1/view1_frontal.jpg", "00001"),
        (r"(\d+)_\d+", "images_001/images/00000013_005.png", "00000013"),
        (r"(\d+)_(left|right)", "train/10_left.jpeg", "10"),
        (r"person\d+", "PNEUMONIA/person7_virus_3.jpeg", "person7"),
        (r"p\d+/(?P<who>p\d+)/", "files/p10/p10000032/s1/a.jpg", "p10000032"),
    ],
)
def test_the_first_group_or_the_whole_match_is_the_patient(expression, name, patient):
    assert groups(expression, name) == [patient]


@pytest.mark.parametrize("expression", [r"(\d+)_", r"^b?(\d*)", r"^(?:a.*|b(x)?.*)"])
def test_files_without_a_patient_are_counted(expression):
    with pytest.raises(UserError) as caught:
        groups(expression, "b.png", "1_1.png", "b_.png")
    said = str(caught.value)
    assert said.startswith(f"data.folder.patients={expression} finds no patient in ")
    assert "of 3 files, the first is b.png" in said


@pytest.mark.parametrize(
    "names, kept",
    [
        (["p0", "P0", "p1"], ["p0", "p0", "p1"]),
        (["1", "01", "2"], ["1", "1", "2"]),
        (["P-1", "P1"], ["P-1", "P1"]),
    ],
)
def test_a_patient_has_one_spelling(names, kept):
    entries = [Entry("x.png", None, "x", name) for name in names]
    assert [entry.group for entry in patients.one_spelling(entries)] == kept
