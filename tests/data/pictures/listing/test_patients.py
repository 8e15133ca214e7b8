"""Patients: in the paths of files, spelled in several ways, and in two splits."""

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


ONE = [
    ["p0", "P0", "p00"],
    ["1", "01", "1.0"],
    ["P-1", "P1", "P_1", "p 1", "P.01", "p - 1", "p#1"],
    ["Pat 7 a", "pat7a", "PAT-07-A"],
    ["anna-b", "Anna_B", "anna b"],
    ["1-2", "1_2", "01-02"],
    ["Gru\u0308n 1", "gr\u00fcn1"],
]


@pytest.mark.parametrize("names", ONE)
def test_a_patient_has_one_spelling(names):
    entries = [Entry("x.png", None, "x", name) for name in [*names, "5"]]
    found, (said,) = patients.one_spelling(entries)
    assert len({entry.group for entry in found[:-1]}) == 1 and found[-1].group == "5"
    assert said.startswith("1 patient is spelled in several ways, as ") and names[0] in said


@pytest.mark.parametrize(
    "names",
    [
        ["1-2", "12", "1-20", "102"],
        ["P1-2", "P12", "P-12-0"],
        ["1.2.840.1", "1.2.8401", "12.840.1"],
        ["anna-b", "annab"],
        ["P1", "P10", "P"],
        ["1", "2", "0"],
        ["-", "--", "_1_", "1"],
        ["P0", "P"],
    ],
)
def test_others_stay_apart(names):
    assert set(patients.spellings(names).values()) == set(names)
    assert patients.spelled_alike(patients.spellings(names)) == []


def test_several_patients_of_several_spellings_are_one_line():
    said = patients.spelled_alike(patients.spellings(["a1", "A1", "a-1", "b1", "b 1", "c"]))
    assert said == [
        "2 patients are spelled in several ways, as a1 and A1, and each is taken as one"
    ]


def test_patients_in_two_splits_are_counted():
    held = {"p1": ("train", "test"), "p2": ("test", "train", "train"), "p3": ("train", "val")}
    found = [
        Entry(f"{group}{i}", split, "x", group)
        for group, names in held.items()
        for i, split in enumerate(names)
    ]
    assert patients.shared_patients(found) == [
        "leakage: 2 patients are in train and test, 1 patient is in train and val"
    ]
    assert patients.shared_patients(found[-1:]) == []
