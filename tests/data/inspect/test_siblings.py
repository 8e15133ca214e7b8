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
    "visits": lambda _: several(
        [f"p{i:02}" for i in range(30)], ["_2021-03-04", "_20220504_101500", "-05.06.2023-1"]
    ),
    "examinations": lambda _: several(
        [f"20230{m}0{d}_1015{s}" for m in range(1, 6) for d in range(1, 6) for s in (10, 42)],
        ["_OD", "_OS"],
    ),
    "one of a day": lambda _: several(
        [f"2023-0{m}-0{d}_{i}" for m in range(1, 4) for d in range(1, 4) for i in range(4)],
        ["", "_hflip", "_rot90"],
    ),
    "keras, dated": lambda rng: several(
        [f"aug_2023-0{m}-0{d}_{i}" for m in range(1, 4) for d in range(1, 4) for i in range(4)],
        [f"_0_{x}" for x in rng.permutation(9999)[:4]],
    ),
    **{
        f"numbers and{x}": lambda rng, x=x, y=y: several(rng.integers(10**6, size=30), [x, y])
        for x, y in (
            ("_2020-01-10", "_2020-02-11"),
            ("-2019-03-10", "-2020-04-10"),
            (" 20190310", " 20200410"),
            ("_01.01.2019", "_02.01.2020"),
            (" links", " rechts"),
            ("_RE", "_LI"),
            ("_baseline", "_followup"),
            ("_T1", "_FLAIR"),
            ("_page0", "_page1"),
            ("_V1_MR", "_V2_MR"),
            ("-V0-OCT-OD", "-V1-OCT-OD"),
            ("", " - Kopie"),
            ("", "_thumb"),
            ("", "_brightness_0.7"),
        )
    },
    "ids before days": lambda _: several(
        [f"{i:05}" for i in range(30)], ["_2020-01-01", "_2020-03-02"]
    ),
    "names and days": lambda rng: several(
        [f"Meier_{i}" for i in rng.integers(10**6, size=30)], ["_01.01.2019", "_02.01.2020"]
    ),
    "days before": lambda rng: several(["20190310_", "20200410_"], rng.integers(10**6, size=30)),
    "numbers before": lambda rng: several(["0_", "1_"], rng.integers(10**6, size=30)),
    "copies, named before": lambda _: several(["", "Kopie von "], [f"x{i:05}" for i in range(30)]),
    "copies of": lambda _: several(["", "Copy of "], [f"x{i:05}" for i in range(30)]),
    "turned": lambda rng: several(["", "rot90_"], [f"IMG_{i}" for i in range(30)]),
    "BIDS": lambda _: several(
        [f"sub-{i:03}" for i in range(30)], ["_ses-01_T1w", "_ses-02_T1w", "_ses-01_FLAIR"]
    ),
    "tiles": lambda _: several([f"slide{i}" for i in range(8)], ["_x0_y0", "_x0_y512", "_x512_y0"]),
}
DATES = [f"2023{m:02}{d:02}" for m in range(1, 11) for d in range(1, 21, 2)]
DATED = {
    "day": "{y}-{m}-{d}_{i}",
    "compact": "{y}{m}{d}_{i}",
    "words": "{y}_{m}_{d} ({i})",
    "dots": "{d}.{m}.{y}-{i}",
    "no zeros": "{y}-1-{d}_{i}",
    "month": "{y}-{m}_{d}{i}",
    "name": "{d}-Jan-{y}_{m}{i}",
    "american": "{m}-{d}-{y}_{i}",
    "scan and day": "scan_{y}-{m}-{d}_{i}",
    "scan of day": "scan{y}{m}{d}-{i}",
    "day of scan": "{y}-{m}-{d}_scan_{i}",
    "slice of day": "{y}-{m}-{d}_slice{i}",
    "view of day": "{y}{m}{d}_im{i}",
    "second": "{y}-{m}-{d} 10.1{i}.42",
    "compact second": "{y}{m}{d}T101{i}42",
    "fifteen": "IMG{y}{m}{d}101{i}42",
    "messenger": "IMG-{y}{m}{d}-WA000{i}",
    "camera": "PXL_{y}{m}{d}_101{i}42123",
}
OTHERS = {
    **{
        f"date, {kind}": lambda _, form=form: [
            form.format(y=date[:4], m=date[4:6], d=date[6:], i=i) for date in DATES for i in (1, 2)
        ]
        for kind, form in DATED.items()
    },
    "one series": lambda _: [f"IM-0001-{i:04}" for i in range(1, 200)],
    "one series in parts": lambda _: [f"IM-0001-0001-{i:04}" for i in range(1, 200)],
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
    assert len(groups) == 20 and groups["p01"] == [("train", 3), ("test", 3)]


def test_uids_without_suffix():
    names = several([f"sick/1.2.840.{i}" for i in (77, 7003, 912)], [f".{i}" for i in range(9)])
    files = {"train": names[::2], "test": names[1::2]}
    assert sibling_groups(files, num_classes=1) == {}
    names = several([f"sick/1.2.840.{i}" for i in range(9)], [f".{i}" for i in range(9)])
    assert len(sibling_groups({"train": names}, num_classes=2)) == 9


def dealt(stems, rng, *, classes=("benign", "malignant")):
    """Deals files of different names out to classes at random, and cuts them by file."""
    splits = {split: [] for split in ("train", "val", "test")}
    for stem in stems(rng):
        place = rng.choice(list(splits), p=[0.7, 0.1, 0.2])
        splits[place].append(f"{rng.choice(classes)}/{stem}.png")
    return splits


@pytest.mark.parametrize("kind", SIBLINGS)
def test_siblings_in_two_classes_are_found(kind):
    files = dealt(SIBLINGS[kind], np.random.default_rng(0))
    groups = sibling_groups(files, num_classes=2)
    assert sum(map(len, groups.values())) >= 0.95 * sum(map(len, files.values()))
    assert len(cut_groups(groups)) > 0.3 * len(groups)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_names_in_two_classes_are_none(kind):
    for seed in range(5):
        files = dealt(OTHERS[kind], np.random.default_rng(seed))
        assert sibling_groups(files, num_classes=2) == {}


def public(**by_class):
    """Names of a public set by class, cut by file."""
    splits = {"train": [], "test": []}
    for shift, (name, stems) in enumerate(by_class.items()):
        for number, stem in enumerate(stems, start=shift):
            splits["test" if number % 3 == 1 else "train"].append(f"{name}/{stem}.jpeg")
    return splits


PUBLIC = {
    "chest X-rays of children": (
        {
            "NORMAL": several([f"NORMAL2-IM-{i:04}-0001" for i in range(374, 400)], ["", "-0002"]),
            "PNEUMONIA": several(
                [f"person{i}_{x}" for i in range(1, 30) for x in ("bacteria", "virus")],
                ["_2", "_5"],
            ),
        },
        True,
    ),
    "chest X-rays, one each": (
        {
            "NORMAL": [f"NORMAL2-IM-{i:04}-0001" for i in range(374, 474)],
            "PNEUMONIA": [f"person{i}_bacteria_{i + 3}" for i in range(100)],
        },
        False,
    ),
    "dermoscopy": (
        {
            "nv": [f"ISIC_{i:07}" for i in range(24306, 24400, 2)],
            "mel": [f"ISIC_{i:07}" for i in range(24307, 24400, 2)],
        },
        False,
    ),
    "mammograms": (
        {
            "benign": [f"P{i}_L_{view}" for i in range(20) for view in ("CC", "MLO")],
            "malignant": [f"P{i}_R_{view}" for i in range(20) for view in ("CC", "MLO")],
        },
        True,
    ),
    "augmented brains": (
        {
            "yes": several([f"aug_Y{i}_0_" for i in range(100, 120)], [2052, 3173, 77]),
            "no": several([f"aug_{i} no._0_" for i in range(20)], [2052, 3173, 77]),
        },
        True,
    ),
    "tomograms": (
        {
            "CNV": several([f"CNV-{i}-" for i in (1016042, 103044, 163081)], range(1, 21)),
            "NORMAL": several([f"NORMAL-{i}-" for i in (108, 1197, 2048)], range(1, 21)),
        },
        True,
    ),
    "follow-up": (
        {
            "Mass": [f"{i:08}_000" for i in range(1, 40)],
            "Effusion": [f"{i:08}_001" for i in range(1, 40)],
        },
        True,
    ),
    "fundus": (
        {
            "0": [f"{i}_left" for i in range(10, 50)],
            "4": [f"{i}_right" for i in range(10, 50)],
        },
        True,
    ),
    "fundus, numbered by class": (
        {
            "0": [f"{i}_{x}" for i, x in enumerate(["left", "right"] * 20)],
            "4": [f"{i}_{x}" for i, x in enumerate(["left", "right"] * 15)],
        },
        False,
    ),
    "ultrasound": (
        {
            "benign": [f"benign ({i})" for i in range(1, 60)],
            "malignant": [f"malignant ({i})" for i in range(1, 50)],
        },
        False,
    ),
    "counters": (
        {"a": [f"img_{i}" for i in range(80)], "b": [f"img_{i}" for i in range(9)]},
        False,
    ),
    "one counter": (
        {"a": [f"img_{i}" for i in range(80)], "b": [f"img_{i}" for i in range(80, 99)]},
        False,
    ),
    "tumours": (
        {
            name: [f"T{part}-{name[:2]}_{i:04}" for part in "re" for i in range(40)]
            for name in ("glioma", "meningioma", "notumor", "pituitary")
        },
        False,
    ),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_names_of_public_sets(name):
    by_class, asked = PUBLIC[name]
    files = public(**by_class)
    found = check(*set_of(files, cut="file"))
    assert bool(found["siblings"]) == asked, found["siblings"]
    assert any("named like" in line for line in found["warnings"]) == asked


def test_names_that_count_from_zero_in_each_folder_are_no_siblings():
    names = several([f"{i}_" for i in range(30)], [0, 1])
    a, b = ([f"{folder}/{name}.png" for name in names] for folder in "ab")
    groups = sibling_groups({"train": a, "test": b}, num_classes=2)
    assert len(groups) == 60 and cut_groups(groups) == {}
    files = {"train": a, "test": b}
    for own in (("train", "test"), ("Training", "Testing")):
        files = {split: [f"{x}/{n}" for n in a + b] for split, x in zip(files, own, strict=True)}
        assert cut_groups(sibling_groups(files, num_classes=2)) == {}


def random_names(form, seed=0):
    numbers = np.random.default_rng(seed).choice(10**5, 40, replace=False)
    return [form.format(number) for number in numbers]


@pytest.mark.parametrize("form", ["Meier_{}", "MRN{:05}", "{}", "{:05}_1", "scan {} a"])
def test_the_same_id_in_two_folders(form):
    names = random_names(form)
    files = {"train": [f"a/{x}.png" for x in names], "test": [f"b/{x}.png" for x in names]}
    assert len(cut_groups(sibling_groups(files, num_classes=2))) == 40
    files["test"] = [f"b/{x}.png" for x in random_names(form, seed=1)]
    assert sibling_groups(files, num_classes=2) == {}


@pytest.mark.parametrize("form", ["{}", "IM{:04}", "img_{}", "x{}_y512", "case_{}"])
@pytest.mark.parametrize("step", [1, 2, 512])
def test_a_counter_of_each_folder_is_no_id(form, step):
    for folders in ("ab", ["2019-01-02", "2020-02-03"], ["train/a", "test/a"]):
        names = [form.format(i * step) for i in range(40)]
        shown = [f"{folder}/{name}.png" for folder in folders for name in names]
        files = {"train": shown[::2], "test": shown[1::2]}
        assert sibling_groups(files, num_classes=2) == {}


def test_fixed_names_in_the_folders_of_patients_are_no_ids():
    organs = [f"{x}{y}" for x in ("liver", "lung", "aorta", "colon", "kidney") for y in "abcdefgh"]
    names = several([f"p{i:02}/" for i in range(9)], organs)
    assert sibling_groups({"train": names[::2], "test": names[1::2]}, num_classes=2) == {}


def test_a_class_behind_a_counter_tells_no_siblings():
    names = [f"{c}/{i:04}_{c}.png" for i in range(40) for c in ("NORMAL", "PNEUMONIA")]
    assert sibling_groups({"train": names[::3], "test": names[1::3]}, num_classes=2) == {}


def test_patients_in_the_folders_of_days():
    names = several(["2019-01-02/", "2020-02-03/"], [f"PAT{i:03}.png" for i in range(20)])
    files = {"train": names[:20], "test": names[20:]}
    assert len(cut_groups(sibling_groups(files, num_classes=2))) == 20


@pytest.mark.parametrize("ends", [(".png", ".jpg"), (".dcm", ".png"), (".jpg", ".JPG"), ("~.b",)])
def test_files_of_one_stem(ends):
    names = several([f"a/{i}" for i in range(40)], [".bmp", *ends])
    rng = np.random.default_rng(0)
    files = {"train": [], "test": []}
    for name in names:
        files[rng.choice(["train", "test"])].append(name)
    groups = sibling_groups(files, num_classes=2)
    assert sum(map(len, groups.values())) == len(names) and len(cut_groups(groups)) > 10


def test_words_behind_a_whole_name_that_differ_each_time_are_no_copies():
    pairs = zip(NAMES[::2], NAMES[1::2], strict=True)
    files = {
        "train": [f"a/{x}.png" for x in NAMES[::2]],
        "test": [f"a/{x}_{y}.png" for x, y in pairs],
    }
    assert sibling_groups(files, num_classes=2) == {}


def test_a_few_copies_in_another_class_hide_no_siblings():
    names = several([f"p{i:02}" for i in range(40)], ["_left", "_right"])
    files = {"train": [f"a/{name}.png" for name in names[::2]]}
    files["test"] = [f"b/{name}.png" for name in names[1::2] + names[:2:2]]
    assert len(cut_groups(sibling_groups(files, num_classes=2))) == 40


def test_patients_below_two_classes():
    names = several([f"p{i:02}/" for i in range(30)], ["left", "right"])
    files = {"train": [f"a/{x}.png" for x in names[::2]]}
    files["test"] = [f"b/{x}.png" for x in names[1::2]]
    assert len(cut_groups(sibling_groups(files, num_classes=2))) == 30


def test_names_of_an_augmentation_alone():
    assert sibling_groups({"train": ["a/aug_5.png", "a/aug.png", "b/_.png"]}, num_classes=2) == {}


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
