"""Numbered parts, and files and folders that are not read."""

import pytest

from medjax.data.pictures.listing import class_warnings
from medjax.data.pictures.listing.walking import walk
from medjax.errors import UserError


@pytest.mark.parametrize(
    "classes, parts",
    [
        (["images_001", "images_002"], True),
        (["HAM10000_images_part_1", "HAM10000_images_part_2"], True),
        (["Fold 0", "Fold 1", "Fold 10"], True),
        (["images_1", "other"], False),
        (["images_1", "part_2"], False),
        (["images_1"], False),
        (["0", "1"], False),
        (["grade1", "grade2"], False),
    ],
)
def test_numbered_parts(classes, parts, tmp_path):
    said = class_warnings.numbered_parts(tmp_path, [], classes)
    assert bool(said) == parts and all("are read as classes" in line for line in said)


def test_numbered_parts_beside_a_table(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "table.csv").write_text("id,dx\na,x\n")
    with pytest.raises(
        UserError, match="part1 and part2 seem to be numbered parts of one set, and"
    ):
        class_warnings.numbered_parts(tmp_path, walk(tmp_path), ["part2", "part1"])


@pytest.mark.parametrize(
    "classes, patients",
    [
        ([f"PAT{i:03}" for i in range(20)], True),
        ([f"sub-{i}" for i in range(20)], True),
        ([f"{i * 791 + 10234}" for i in range(12)], True),
        ([f"MRN_{i * i * 997}" for i in range(12)], True),
        ([f"PAT{i:03}" for i in range(3)], False),
        ([f"{i}" for i in range(20)], False),
        ([f"{i * 10}" for i in range(18)], False),
        ([f"{i}" for i in range(1000, 1020)], False),
        ([f"class_{i}" for i in range(20)], False),
        ([f"grade{i}" for i in range(12)], False),
        ([f"{x}{x}" for x in "abcdefghijklm"], False),
    ],
)
def test_patients_that_seem_to_be_read_as_classes(classes, patients, tmp_path):
    said = class_warnings.patients_as_classes(tmp_path, [], classes)
    assert bool(said) == patients
    assert all(f"CLASS/{min(classes)}/FILE, and use data.folder.pat" in line for line in said)


@pytest.mark.parametrize(
    "text, named",
    [
        ("case,finding\n" + "".join(f"{x * 2},{x > 'f'}\n" for x in "abcdefghijkl"), True),
        ("class,what\n" + "".join(f"{x * 2},about {x}\n" for x in "abcdefghijkl"), False),
        ("case,finding\n" + "".join(f"{x},{x > 'f'}\n" for x in "abcdefghijkl"), False),
        (
            "file,label\n" + "".join(f"{x}{i},{x * 2}\n" for x in "abcdefghijkl" for i in "12"),
            False,
        ),
    ],
)
def test_a_table_that_names_the_folders(text, named, tmp_path):
    (tmp_path / "found.csv").write_text(text)
    classes = [x * 2 for x in "abcdefghijkl"]
    said = class_warnings.patients_as_classes(tmp_path, walk(tmp_path), classes)
    assert bool(said) == named
    assert all("12 folders, as aa and bb (named in found.csv), seem to be" in x for x in said)


def test_what_is_not_read(tmp_path):
    for name in ("a/1.png", "a/2.heic", "a/notes.txt", "a/x/3.psd", "b/4.png", "c/5.heic"):
        (tmp_path / "train" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "train" / name).touch()
    for name in ("d", ".git", "a/empty"):
        (tmp_path / "train" / name).mkdir()
    pictures = ["train/a/1.png", "train/b/4.png"]
    others = sorted(set(walk(tmp_path)) - set(pictures))
    said = class_warnings.unread(tmp_path, others, pictures, ["train/"], {"a", "b"})
    assert said == [
        f"{tmp_path}: no image is in c (1 × .heic), d (empty)",
        f"{tmp_path}: no images, and not read: 1 × .heic, 1 × .psd, in a",
    ]
    assert class_warnings.unread(tmp_path, [], pictures, ["train/b/"], {"b"}) == []


def test_many_folders_are_not_each_compared_with_all_files(tmp_path):
    class Counted(list):
        passes = 0

        def __iter__(self):
            self.passes += 1
            return super().__iter__()

    names = [f"c{number}" for number in range(30)]
    for name in names:
        (tmp_path / name).mkdir()
    others = Counted(f"{name}/a.psd" for name in names[:20])
    pictures = Counted(f"{name}/a.png" for name in names[20:29])
    said = class_warnings.unread(tmp_path, others, pictures, [""], names[:10])
    assert said[0].endswith("c18 (1 × .psd), c19 (1 × .psd), c29 (empty)")
    assert "no image is in c10 (1" in said[0] and "10 × .psd, in c0, c1, c2" in said[1]
    assert others.passes <= 3 and pictures.passes <= 3


def test_classes_that_seem_to_be_splits_are_refused(tmp_path):
    for files in (["train_v2/1.png", "test_v2/1.png"], ["train_v2/a/1.png", "test_v2/a/1.png"]):
        for name in files:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        with pytest.raises(UserError, match="test_v2 and train_v2 seem to be splits, and no cla"):
            class_warnings.refuse_splits(tmp_path, files, {"train_v2", "test_v2"})
    class_warnings.refuse_splits(tmp_path, [], {"benign", "malignant"})
