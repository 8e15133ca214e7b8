"""Class folders: splits, patients, and folders in wrong places."""

import pytest

from medjax.data.pictures.listing import class_folders
from medjax.errors import UserError


def listed(folder, *names, patients=False):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    found = class_folders.entries(folder, names, patients=patients)
    return [tuple(entry) for entry in found.entries], list(found.warnings)


def test_classes_and_files(tmp_path):
    names = ("a/1.png", "b/2.PNG", "b/notes.txt", "table.csv")
    files = [("a/1.png", None, "a", "a/1.png"), ("b/2.PNG", None, "b", "b/2.PNG")]
    assert listed(tmp_path, *names) == (files, [])


@pytest.mark.parametrize("start", ["", "chest/", "chest/x ray/"])
def test_splits(start, tmp_path):
    names = [f"{start}{x}" for x in ("TEST/a/1.png", "Train/a/2.png", "valid/a/3.png")]
    found, _ = listed(tmp_path, "readme.txt", *names)
    assert [entry[:3] for entry in found] == [
        (name, split, "a") for name, split in zip(names, ("test", "train", "val"), strict=True)
    ]


def test_patients(tmp_path):
    names = ("a/p1/1.png", "a/p1/deep/er/2.png", "b/p2/3.png")
    found, _ = listed(tmp_path, *names, patients=True)
    assert [entry[2:] for entry in found] == [("a", "p1"), ("a", "p1"), ("b", "p2")]
    names = ["test/a/p3/1.png", *(f"train/{name}" for name in names)]
    found, _ = listed(tmp_path / "set", *names, patients=True)
    assert [entry[1:] for entry in found[:3]] == [("test", "a", "p3"), *[("train", "a", "p1")] * 2]


def test_forms_of_accents_are_one_class_and_one_patient(tmp_path):
    found, _ = listed(tmp_path, "é/é/1.png", "e\u0301/e\u0301/1.png", patients=True)
    assert [entry[2:] for entry in found] == [("é", "é")] * 2
    assert [entry[0] for entry in found] == ["é/é/1.png", "e\u0301/e\u0301/1.png"]


@pytest.mark.parametrize("tops", [[""], ["train/", "test/"]])
def test_a_class_named_as_masks(tops, tmp_path):
    names = [f"{top}{x}/{n}.png" for top in tops for x in ("baso", "eos", "seg") for n in "012"]
    found, warnings = listed(tmp_path, *names)
    assert [entry[0] for entry in found] == names and not warnings


def test_images_in_no_class(tmp_path):
    found, (said,) = listed(tmp_path, "1.png", "2.png", "a/3.png")
    assert len(found) == 1 and said.endswith("are not read: 2, the first is 1.png")
    found, (said,) = listed(tmp_path / "set", "train/1.png", "train/a/3.png", "test/a/4.png")
    assert len(found) == 2 and said.endswith("1, the first is train/1.png")


@pytest.mark.parametrize(
    "names, patients, message",
    [
        (["a/p/1.png"], False, "SET/a/p is a folder inside a class"),
        (["train/a/p/1.png"], False, "SET/train/a/p is a folder inside a class"),
        (["a/1.png"], True, "SET/a/1.png lies in a class itself"),
        (
            ["a/train/1.png", "b/1.png"],
            True,
            "SET/a/train is a folder inside a class, and named as a split",
        ),
        (["a/Test/1.png", "b/1.png"], False, "splits hold the classes, as in SET/Test/CLASS"),
        (["train/a/1.png", "x/1.png"], False, "SET holds x beside train: name the splits"),
        (["c/train/a/1.png", "c/x/1.png"], False, "SET/c holds x beside train"),
        (["dev/a/1.png", "Val/a/1.png"], False, "SET holds Val and dev, which both name val"),
    ],
)
def test_wrong_places(names, patients, message, tmp_path):
    with pytest.raises(UserError) as caught:
        listed(tmp_path, *names, patients=patients)
    assert message in str(caught.value).replace(str(tmp_path), "SET")


def test_folders_without_images_do_not_matter(tmp_path):
    names = ("a/1.png", "a/masks/1.json", "b/2.png")
    assert [entry[0] for entry in listed(tmp_path, *names)[0]] == ["a/1.png", "b/2.png"]
