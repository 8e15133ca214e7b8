"""A simulation with known truth: names of siblings are found, counters and ids are not."""

import uuid

import numpy as np
import pytest

from medjax.data import DatasetInfo, Split, check
from medjax.data.inspect.siblings import cut_groups, sibling_groups

NAMES = "anna ben carl dora emil fritz gina hans ida jan karl lena".split()  # noqa: SIM905


def several(origins, endings):
    return [f"{origin}{ending}" for origin in origins for ending in endings]


SIBLINGS = {
    "keras": lambda rng: several(
        [f"aug_Y{i}" for i in range(20)], [f"_0_{x}" for x in rng.permutation(9999)[:8]]
    ),
    "keras, numbered": lambda rng: several(
        [f"aug_IMG_{i:02}" for i in range(30)], [f"_0_{x}" for x in rng.permutation(9999)[:4]]
    ),
    "augmented": lambda _: several(
        [f"IMG_{i:03}" for i in range(30)], ["", "_rot90", "_flip", "-hflip-rot180"]
    ),
    "copies": lambda _: several([f"scan{i}" for i in range(40)], ["", " - Copy"]),
    "slices": lambda _: several(
        [f"patient{i}" for i in range(6)], [f"_slice{i:03}" for i in range(20)]
    ),
    "glued": lambda _: several([f"p{i}" for i in range(10)], [f"s{i:02}" for i in range(9)]),
    "sides": lambda _: several([f"p{i:02}" for i in range(30)], ["_left", "_right"]),
    "eyes": lambda _: several(range(40), ["_OD", "_OS"]),
    "views": lambda _: several([f"case-{i}" for i in range(30)], ["-AP", "-lateral"]),
    "follow-up": lambda _: several([f"{i:08}" for i in range(40)], ["_000", "_001", "_002"]),
    "ids": lambda rng: several(
        [f"CNV-{i}" for i in rng.integers(10**6, size=10)], [f"-{i}" for i in range(11)]
    ),
    "uids": lambda rng: several(
        [f"1.2.840.{i}" for i in rng.integers(10**8, size=8)], [f".{i}" for i in range(10)]
    ),
    "brackets": lambda _: several([f"scan{i}" for i in range(20)], ["", " (1)", " (2)"]),
    "people": lambda _: several(NAMES, [f"_{i}" for i in range(4)]),
    "tiles": lambda _: several([f"slide{i}" for i in range(8)], ["_x0_y0", "_x0_y512", "_x512_y0"]),
}
OTHERS = {
    "counter": lambda _: [f"scan_{i:02}" for i in range(100)],
    "numbers": lambda _: list(range(100)),
    "brackets": lambda _: [f"benign ({i})" for i in range(100)],
    "letters": lambda _: [f"IMG{i}" for i in range(100)],
    "images": lambda _: [f"Image_{i}" for i in range(100)],
    "archive": lambda rng: [f"ISIC_{i:07}" for i in rng.integers(10**7, size=100)],
    "uuids": lambda rng: [uuid.UUID(bytes=rng.bytes(16)) for _ in range(500)],
    "hashes": lambda rng: [rng.bytes(4).hex() for _ in range(2000)],
    "years": lambda _: several(["scan_2020", "scan_2021"], [f"_{i:03}" for i in range(60)]),
    "phone": lambda rng: [
        f"IMG_202001{i % 28 + 1:02}_{rng.integers(235959):06}" for i in range(100)
    ],
    "id and label": lambda _: [f"CHNCXR_{i:04}_1" for i in range(100)],
    "batches": lambda _: several(["m1", "m2"], [f"({i})" for i in range(60)]),
    "one side": lambda _: [f"p{i:03}_left" for i in range(60)],
    "an ending": lambda _: [f"scan_{i:03}_final" for i in range(60)],
    "split and class": lambda _: [f"train_0_{i:05}" for i in range(200)],
    "volume of slices": lambda _: [f"slice_{i:03}" for i in range(200)],
}


def cut(stems, rng, *, suffix="png"):
    """Cuts the files of two classes at random, as a cut by file does."""
    names = [f"{c}/{stem}.{suffix}" for c in ("benign", "malignant") for stem in stems(rng)]
    places = rng.choice(["train", "val", "test"], len(names), p=[0.7, 0.1, 0.2])
    splits = {split: [] for split in ("train", "val", "test")}
    for name, place in zip(names, places, strict=True):
        splits[place].append(name)
    return splits


@pytest.mark.parametrize("kind", SIBLINGS)
def test_siblings_are_found_and_most_groups_are_cut(kind):
    rng = np.random.default_rng(0)
    files = cut(SIBLINGS[kind], rng)
    groups = sibling_groups(files, num_classes=2)
    found = sum(map(len, groups.values()))
    assert found >= 0.95 * sum(map(len, files.values()))
    assert len(cut_groups(groups)) > 0.3 * len(groups)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_names_are_none(kind):
    for seed in range(5):
        files = cut(OTHERS[kind], np.random.default_rng(seed), suffix="jpeg")
        assert sibling_groups(files, num_classes=2) == {}


def test_a_cut_by_patient_cuts_no_group():
    names = several([f"sick/p{i:02}" for i in range(20)], ["_left.png", "_right.png"])
    groups = sibling_groups({"train": names[:30], "test": names[30:]}, num_classes=2)
    assert len(groups) == 20 and cut_groups(groups) == {}


def test_folders_of_patients_in_a_table():
    names = several([f"p{i:02}/" for i in range(20)], [f"{i}.png" for i in range(4)])
    groups = sibling_groups({"train": names[::2], "test": names[1::2]}, num_classes=2)
    assert len(groups) == 20 and len(cut_groups(groups)) == 20


def test_frames_of_one_file_are_no_siblings_of_each_other():
    files = {"train": ["sick/a_1.nii.gz"] * 30 + ["well/b.dcm"] * 30, "test": ["sick/c.dcm"] * 9}
    assert sibling_groups(files, num_classes=2) == {}
    names = several([f"sick/p{i:02}" for i in range(20)], ["_pre.nii.gz", "_post.nii.gz"])
    frames = {"train": sorted(names[::2] * 3), "test": sorted(names[1::2] * 3)}
    groups = sibling_groups(frames, num_classes=2)
    assert len(groups) == 20 and groups["sick/p01"] == [("train", 3), ("test", 3)]


def test_uids_without_suffix():
    names = several([f"sick/1.2.840.{i}" for i in (77, 7003, 912)], [f".{i}" for i in range(9)])
    files = {"train": names[::2], "test": names[1::2]}
    assert sibling_groups(files, num_classes=1) == {}
    names = several([f"sick/1.2.840.{i}" for i in range(9)], [f".{i}" for i in range(9)])
    assert len(sibling_groups({"train": names}, num_classes=2)) == 9


def test_own_splits_do_not_hide_siblings():
    files = {s: [f"{s}/sick/p{i:02}_{i % 2}.png" for i in range(20)] for s in ("train", "test")}
    files["test"] = [name.replace("_0", "_7").replace("_1", "_8") for name in files["test"]]
    assert len(cut_groups(sibling_groups(files, num_classes=2))) == 20


def set_of(files, **facts):
    rng, splits = np.random.default_rng(0), {}
    for name, names in files.items():
        labels = np.array(["malignant" in file for file in names], np.int32)
        splits[name] = Split(rng.integers(0, 256, (len(names), 8, 8, 1), np.uint8), labels)
    known = ("x", "binary-class", ("benign", "malignant"), "unknown", "x", "0", None, "none")
    return DatasetInfo(*known, files=files, **facts), splits


def test_the_warning_asks_with_an_example_and_a_way_out():
    files = cut(SIBLINGS["sides"], np.random.default_rng(0))
    found = check(*set_of(files, cut="file"))
    (line,) = found["warnings"]
    groups = cut_groups(sibling_groups(files, num_classes=2))
    count, total = sum(map(len, groups.values())), sum(map(len, files.values()))
    assert line.startswith(f"perhaps leakage: {count} of {total} files are named like a file in ")
    (one, row, first), (other, place, second) = found["siblings"]["example"]
    assert files[one][row] == first and files[other][place] == second and one != other
    assert f"as {first} in {one} and {second} in {other}" in line
    assert "data.folder.table, column patient" in line
    own = check(*set_of(files))["warnings"]
    assert len(own) == 1 and "in one split" in own[0] and "data.folder" not in own[0]


def test_known_patients_and_a_few_siblings_are_not_asked_about():
    files = cut(SIBLINGS["sides"], np.random.default_rng(0))
    numbers = {name: list(range(len(names))) for name, names in files.items()}
    assert check(*set_of(files, cut="patient", patients=numbers))["warnings"] == []
    few = cut(lambda _: [f"scan_{i:03}" for i in range(200)], np.random.default_rng(0))
    few["train"] += ["benign/p1_left.png", "benign/p2_left.png", "benign/p3_left.png"]
    few["test"] += ["benign/p1_right.png", "benign/p2_right.png", "benign/p3_right.png"]
    assert check(*set_of(few, cut="file"))["warnings"] == []
