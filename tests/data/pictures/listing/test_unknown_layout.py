"""What is said of folders that are not understood."""

import pytest

from medjax.data.pictures.listing import unknown_layout
from medjax.data.pictures.listing.walking import walk


@pytest.fixture
def said(tmp_path):
    """``said(*names, table=None)`` makes empty files and returns the error's text."""

    def command(*names, **tables):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text)
        text = str(unknown_layout.error(tmp_path, walk(tmp_path), "REASON"))
        assert "\n" not in text
        return text.replace(str(tmp_path), "SET")

    return command


def test_folders_and_files_are_counted(said):
    text = said(*(f"{x}/{x}.{kind}" for x in "abcdefg" for kind in ("gif", "nii.gz")), "readme")
    assert text.startswith(
        "REASON (found folders: a, b, c, d, e and 2 more; files: 7 × .gif, 7 × .nii.gz, "
        "1 × no suffix); images lie in SET/train/CLASS/FILE or SET/CLASS/FILE, with a suffix of"
    )


def test_an_empty_folder(said):
    assert said().startswith("REASON (found no files); images lie in")


def test_a_table_of_the_images(said):
    text = said("images/1.png", labels="id,dx\n1.png,x\n", other="a,b\nc,d\n", notes="nothing")
    assert "table labels.csv: id, dx; table other.csv: a, b)" in text
    assert text.endswith(
        "python -m medjax.data --name=folder:SET --folder.table=SET/labels.csv "
        "--folder.columns=file=id,label=dx"
    )


def test_patients_below_classes(said):
    text = said("a/p1/1.png", "b/p2/1.png")
    assert "data.folder.patients=folders: python -m medjax.data --name=folder:SET --folder." in text


def test_patients_below_splits(said):
    text = said("train/a/p1/1.png", "train/b/p2/1.png")
    assert text.endswith("--name=folder:SET --folder.patients=folders")


def test_one_folder_around_the_classes(said):
    assert said("all/a/1.png", "all/b/1.png").endswith(
        "python -m medjax.data --name=folder:SET/all"
    )


def test_one_folder_around_classes_of_patients(said):
    text = said("all/a/p1/1.png", "all/b/p2/1.png")
    assert text.endswith("--name=folder:SET/all --folder.patients=folders")


@pytest.mark.parametrize("top", ["", "all/", "train/"])
@pytest.mark.parametrize("outer", [["site0", "site1"], ["fold0", "fold1"], ["P1", "P2", "P3"]])
def test_folders_that_hold_the_same_others_are_not_told_to_hold_patients(said, top, outer):
    text = said(*(f"{top}{x}/{label}/1.png" for x in outer for label in "ab"))
    one, other = outer[:2]
    assert f"; folders such as {one} and {other} hold the same ones, a and b: if these are" in text
    assert text.endswith(
        f"if {one} is a patient, to CLASS/{one}/FILE, and use data.folder.patients=folders"
    )


@pytest.mark.parametrize(
    "inside", [["p1", "p2", "p3"], ["p1"]], ids=["more than classes", "one in each"]
)
def test_classes_may_hold_the_same_patients(said, inside):
    text = said(*(f"{label}/{x}/1.png" for label in "ab" for x in inside))
    assert text.endswith("--name=folder:SET --folder.patients=folders")


@pytest.mark.parametrize("top", ["train_v2", "x", "a/b"])
def test_folders_around_the_classes(said, top):
    names = [f"{top}/{label}/1.png" for label in "ab"]
    assert said(*names).endswith(
        f"if SET/{top} holds the classes: python -m medjax.data --name=folder:SET/{top}"
    )


def test_one_folder_around_patients_does_not_say_twice_what_was_given(said):
    text = said("train_v2/a/p1/1.png", "train_v2/b/p1/1.png")
    assert "; if SET/train_v2 holds the classes and the folders inside them are patients, " in text
    assert text.endswith("--name=folder:SET/train_v2 --folder.patients=folders")


@pytest.mark.parametrize("inside", ["a", "a/p1"])
@pytest.mark.parametrize("top", ["", "data/"])
@pytest.mark.parametrize(
    "train, test",
    [
        ("train_v2", "test_v2"),
        ("TrainImages", "test2019"),
        ("1-Training", "2 TEST"),
        ("Trainingsdaten", "Testdaten"),
    ],
)
def test_folders_that_seem_to_be_splits(said, train, test, top, inside):
    text = said(*(f"{top}{name}/{inside}/{i}.png" for name in (train, test) for i in "ab"))
    new = {train: "train", test: "test"}
    one, other = sorted(new)
    assert text.endswith(
        f"; if {one} and {other} are splits, rename {one} to {new[one]} and {other} to {new[other]}"
    )


def test_images_beside_classes_are_not_told_to_be_splits(said):
    assert "images lie in SET/train/CLASS/FILE" in said("train_v2/1.png", "test_v2/2.png")


@pytest.mark.parametrize(
    "names, answer",
    [
        (["train_v2", "val_v2", "test_v2"], True),
        (["Trainingsdaten", "Testdaten"], True),
        (["trainset", "valset", "testdata"], True),
        (["data", "test_v2"], False),
        (["train_v2", "train_v3"], False),
        (["train_v2"], False),
        (["train_test", "test_v2"], False),
        (["contest", "train_v2"], False),
        (["benign", "malignant"], False),
    ],
)
def test_names_of_splits(names, answer):
    assert unknown_layout.seem_splits(names) == answer
