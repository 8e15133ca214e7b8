"""What a check finds in planted faults: named copies, blank images, patients, shortcuts."""

import dataclasses

import numpy as np
import pytest

from medjax import data
from medjax.data import DatasetInfo, Split
from medjax.data.inspect.acquisition import FACTS

KNOWN = ("x", "binary-class", ("benign", "malignant"), "unknown", "x", "0", None, "none")


@pytest.fixture
def images():
    """Splits of textured images, no two alike, and the names of their files."""
    rng = np.random.default_rng(0)
    splits, files = {}, {}
    for name, count in (("train", 12), ("val", 4), ("test", 6)):
        labels = np.arange(count, dtype=np.int32) % 2
        splits[name] = Split(rng.integers(0, 256, (count, 8, 8, 1), np.uint8), labels)
        files[name] = tuple(f"{name}/{KNOWN[2][i % 2]}/{i}.png" for i in range(count))
    return splits, files


def test_copies_are_named(images):
    splits, files = images
    splits["train"].images[7] = splits["train"].images[5]
    splits["test"].images[3] = splits["train"].images[2]
    found = data.check(DatasetInfo(*KNOWN, files=files), splits)
    duplicates = found["duplicates"]
    leak = [["train", 2, "train/benign/2.png"], ["test", 3, "test/malignant/3.png"]]
    assert leak in duplicates["groups"] and duplicates["label_conflicts"] == [leak]
    again = [["train", 5, "train/malignant/5.png"], ["train", 7, "train/malignant/7.png"]]
    assert again in duplicates["groups"] and found["leakage"]
    assert found["warnings"] == [
        "leakage: 1 image in both splits of train–test",
        "train repeats 1 image of its own",
        "1 image with more than one label",
    ]
    nameless = data.check(DatasetInfo(*KNOWN), splits)["duplicates"]
    assert nameless["label_conflicts"] == [[["train", 2], ["test", 3]]]


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        ([1, -1], [1, 0], False),
        ([-1, -1], [1, 1], False),
        ([1, -1], [0, -1], True),
        ([1, -1], [-1, 0], False),
        ([1, 0], [1, 1], True),
    ],
)
def test_labels_that_are_ignored_contradict_none(one, other, conflict):
    pixels = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1)
    rows = {"train": one, "test": other}
    splits = {name: Split(pixels, np.array([row])) for name, row in rows.items()}
    info = dataclasses.replace(DatasetInfo(*KNOWN), task="multi-label, binary-class")
    found = data.check(info, splits)["duplicates"]
    assert bool(found["label_conflicts"]) == conflict


@pytest.mark.parametrize(
    ("row", "said"),
    [([0, 0], "no label"), ([-1, -1], "unknown label"), ([1, -1], "benign")],
)
def test_a_blank_image_without_known_labels(row, said):
    splits = {"train": Split(np.zeros((1, 8, 8, 1), np.uint8), np.array([row]))}
    info = dataclasses.replace(DatasetInfo(*KNOWN), task="multi-label, binary-class")
    line = data.check(info, splits)["warnings"][0]
    assert line == f"1 image holds a single value: 1 of {said} in train"


def test_the_report_names_leaks_first_and_only_a_few(images):
    splits, files = images
    for row in range(6):
        splits["train"].images[row + 6] = splits["train"].images[row]
    splits["test"].images[1] = splits["train"].images[5]
    text = data.report_text(data.describe(DatasetInfo(*KNOWN, files=files), splits))
    lines = text.splitlines()
    at = lines.index("exact duplicates, images in two splits: train–test 1")
    assert lines[at + 1] == (
        "  train/malignant/5.png (train) = train/malignant/11.png (train) = "
        "test/malignant/1.png (test)"
    )
    assert len([line for line in lines if " = " in line]) == 5
    assert "  and 1 more, which --out lists" in lines


def test_blank_images_are_said_and_are_no_copies(images):
    splits, files = images
    assert data.check(DatasetInfo(*KNOWN, files=files), splits)["blank"] == []
    splits["test"].images[2] = 200
    info = DatasetInfo(*KNOWN, files=files)
    found = data.check(info, splits)
    assert found["blank"] == [["test", 2, "test/benign/2.png"]]
    assert found["warnings"] == [
        "1 image holds a single value: 1 of benign in test, such as test/benign/2.png"
    ]
    for name, rows in (("train", [1, 3, 4]), ("val", [0]), ("test", [5])):
        splits[name].images[rows] = 0
    found = data.describe(info, splits, near=20)
    assert not found["leakage"] and found["duplicates"]["groups"] == []
    assert found["near_duplicates"]["pairs"] == {}
    assert found["warnings"] == [
        "6 images hold a single value: 2 of malignant in train, 1 of benign in train, "
        "1 of benign in val, 1 of benign in test, 1 of malignant in test, such as "
        "train/malignant/1.png"
    ]
    nameless = data.check(DatasetInfo(*KNOWN), splits)["warnings"]
    assert nameless[0].endswith("1 of malignant in test")


def test_a_picture_that_was_blank_before_its_conversion(images):
    splits, files = images
    made = {}
    for name, split in splits.items():
        made[name] = np.ones((len(split), len(FACTS)), np.float32)
        made[name][:, FACTS.index("blank")] = 0
    made["train"][4:6, FACTS.index("blank")] = 1  # and then padded, so no longer of one value
    splits["train"].images[5] = splits["train"].images[4]
    found = data.check(DatasetInfo(*KNOWN, files=files, made=made), splits)
    assert [place[:2] for place in found["blank"]] == [["train", 4], ["train", 5]]
    assert found["duplicates"]["groups"] == []
    alone = data.check(DatasetInfo(*KNOWN, files=files, made=made), {"test": splits["test"]})
    assert alone["blank"] == []


@pytest.mark.parametrize(
    ("patients", "cut", "sentence"),
    [
        ({}, "", ""),
        ({}, "file", "cut by file: images of one patient may be on both sides"),
        (
            {"train": [0] * 6 + [1] * 6, "val": [2] * 4, "test": [3, 4, 5] * 2},
            "patient",
            "patients stay whole: 2/1/3 patients in train/val/test",
        ),
        (
            {"train": [0] * 6 + [1] * 6, "val": [2] * 4, "test": [0, 4, 5] * 2},
            "",
            "2/1/3 patients in train/val/test",
        ),
    ],
)
def test_patients(images, patients, cut, sentence):
    info = DatasetInfo(*KNOWN, cut=cut, patients=patients)
    found = data.describe(info, images[0])
    assert found["patients"] == sentence and found["warnings"] == []
    assert ("patient" in data.report_text(found)) == bool(sentence)
    assert sentence in data.report_text(found).splitlines()


def test_lines_of_the_listing_come_first_and_nothing_breaks_a_line(images):
    splits, files = images
    splits["train"].images[0] = 0
    files["train"] = ("train/benign/a\nb\x1b[31m.png", *files["train"][1:])
    info = DatasetInfo(*KNOWN, files=files, warnings=("1 patient is in train and test",))
    first, second = data.check(info, splits)["warnings"]
    assert first == "1 patient is in train and test"
    assert second.endswith(r"such as train/benign/a\nb\x1b[31m.png")


def shortcut(splits):
    """Gives one class a white frame."""
    for split in splits.values():
        ones = split.labels == 1
        for rows in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
            split.images[rows] = np.where(ones[:, None, None], 255, split.images[rows])


def test_shortcuts_of_arrays_are_named(images):
    splits, _ = images
    assert data.check(DatasetInfo(*KNOWN), splits)["warnings"] == []
    shortcut(splits)
    found = data.describe(DatasetInfo(*KNOWN), splits)
    (line,) = found["warnings"]
    assert line.startswith(
        "perhaps a shortcut: size, aspect, padding, colour and border alone tell malignant from "
        "the rest with AUROC 1.00 (0."
    )
    told, with_mean = found["made"]["told"], found["made"]["told_with_mean"]
    assert told["class"] == "malignant" and "mean grey" not in told["by_fact"]
    assert set(with_mean["by_fact"]) - set(told["by_fact"]) == {"mean grey"}
    benign, malignant = found["made"]["classes"].values()
    assert benign["padded"] == 0 and malignant["padded"] == 1 and benign["sizes"] == {"8×8": 11}
    text = data.report_text(found)
    assert "pictures of  size  width:height  padded  coloured  border  mean" in text
    assert "these facts without the mean tell malignant best: AUROC 1.00 (" in text


def test_a_few_coloured_pictures_of_one_class():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (900, 8, 8, 1), np.uint8).repeat(3, axis=3)
    labels = np.repeat([0, 1], (300, 600)).astype(np.int32)
    grey[:14] = rng.integers(0, 256, (14, 8, 8, 3), np.uint8)
    splits = {"train": Split(grey[::2], labels[::2]), "test": Split(grey[1::2], labels[1::2])}
    found = data.check(DatasetInfo(*KNOWN), splits)
    assert found["warnings"] == ["perhaps a shortcut: 14 of 14 coloured pictures are of benign"]


def test_images_of_a_patient_count_once(images):
    splits, _ = images
    shortcut(splits)
    two = {name: split.labels.tolist() for name, split in splits.items()}
    found = data.check(DatasetInfo(*KNOWN, patients=two), splits)
    assert found["warnings"] == [] and found["made"]["told"] is None


def test_frames_of_a_file_count_once(images):
    splits, _ = images
    shortcut(splits)
    assert data.check(DatasetInfo(*KNOWN), splits)["made"]["told"]["auroc"] == 1
    files = {
        name: [f"{name}/{'ab'[label]}.dcm" for label in split.labels]
        for name, split in splits.items()
    }
    found = data.check(DatasetInfo(*KNOWN, files=files), splits)
    assert found["warnings"] == [] and found["made"]["told"] is None


def test_blank_images_are_no_shortcut(images):
    splits, _ = images
    for split in splits.values():
        split.images[split.labels == 1] = 0
    found = data.check(DatasetInfo(*KNOWN), splits)
    assert len(found["warnings"]) == 1 and found["made"]["classes"]["malignant"] == {"images": 0}


def test_label_rows_with_unknown_entries(images):
    splits, _ = images
    rows = {name: np.stack([split.labels, 1 - split.labels], 1) for name, split in splits.items()}
    rows["train"][:, 1] = -1
    rows["test"][:, 0] = 0
    known = {name: Split(split.images, rows[name]) for name, split in splits.items()}
    known["train"].images[:2] = 0
    info = dataclasses.replace(DatasetInfo(*KNOWN), task="multi-label, binary-class")
    assert data.check(info, known)["warnings"] == [
        "2 images hold a single value: 1 of unknown label in train, 1 of benign in train",
        "train has no image of: malignant",
        "test has no image of: benign",
    ]
