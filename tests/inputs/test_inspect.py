"""What is wrong with a set is said when it is described, and in a run on it."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

CUT = "cut by file: images of one patient may be on both sides"


def folder(root, draw, *, count=12, name="scan_{:02}.png".format):
    """Makes a folder of classes of pictures ``draw(rng, label, number)``, all different."""
    rng = np.random.default_rng(0)
    for label, kind in enumerate(("benign", "malignant")):
        (root / kind).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(draw(rng, label, number)).save(root / kind / name(number))
    return root


def texture(rng, height=16, width=16):
    coarse = rng.integers(40, 200, (5, 5), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR))


@pytest.fixture
def plain(tmp_path):
    """A folder of two classes of twelve pictures, and nothing wrong with it."""
    return folder(tmp_path / "plain", lambda rng, *_: texture(rng))


@pytest.fixture
def leaking(tmp_path, plain):
    """Its own splits, with one image in train and test, and one of two labels."""
    for split in ("train", "test"):
        shutil.copytree(plain, tmp_path / "leaking" / split)
    for number, file in enumerate(sorted((tmp_path / "leaking" / "test").rglob("*.png"))):
        Image.fromarray(texture(np.random.default_rng(100 + number))).save(file)
    root = tmp_path / "leaking"
    shutil.copy(root / "train/benign/scan_03.png", root / "test/benign/scan_07.png")
    shutil.copy(root / "train/benign/scan_05.png", root / "train/malignant/scan_01.png")
    return root


def test_nothing_is_said_of_a_plain_set(plain, describe):
    said = describe(plain)
    assert said.status == 0 and said.warnings == [] and CUT in said.out.splitlines()
    assert said.report["siblings"] is None and said.report["cut"] == "file"


def test_blank_images(case, describe):
    said = describe(case("blank_images"), "--strict")
    assert said.status == 0 and not said.report["leakage"]
    (line,) = [line for line in said.warnings if "single value" in line]
    assert line.startswith("4 images hold a single value: ")
    assert "malignant in train" in line and "scan_00.png" in line
    assert {name for *_, name in said.report["blank"]} == {
        f"{kind}/scan_{number:02}.png" for kind in ("benign", "malignant") for number in (0, 6)
    }
    assert said.report["duplicates"]["groups"] == []
    assert not any("leakage" in line or "repeats" in line for line in said.warnings)


def test_a_single_blank_image_in_a_folder_and_in_an_archive(plain, describe, tmp_path):
    Image.new("RGB", (30, 20), "white").save(plain / "benign" / "scan_04.png")
    (line,) = describe(plain).warnings
    assert line.startswith("1 image holds a single value: 1 of benign in ")
    assert line.endswith("such as benign/scan_04.png")
    arrays, rng = {}, np.random.default_rng(0)
    for split in ("train", "test"):
        arrays[f"{split}_images"] = rng.integers(0, 256, (8, 16, 16, 3), np.uint8)
        arrays[f"{split}_labels"] = np.arange(8) % 2
    arrays["test_images"][3] = 255
    np.savez(tmp_path / "mine.npz", **arrays)
    assert describe(tmp_path / "mine.npz").warnings == [
        "1 image holds a single value: 1 of 1 in test"
    ]


def test_copies_are_named(leaking, describe):
    said = describe(leaking, "--strict")
    leak = [["train", 3, "train/benign/scan_03.png"], ["test", 7, "test/benign/scan_07.png"]]
    twice = [["train", 5, "train/benign/scan_05.png"], ["train", 13, "train/malignant/scan_01.png"]]
    assert said.status == 1 and leak in said.report["duplicates"]["groups"]
    assert said.report["duplicates"]["label_conflicts"] == [twice]
    assert "train/benign/scan_03.png (train) = test/benign/scan_07.png (test)" in said.out
    assert "train/benign/scan_05.png (train) = train/malignant/scan_01.png (train)" in said.out
    noise = np.random.default_rng(0).integers(0, 256, (16, 16), np.uint8)
    Image.fromarray(noise).save(leaking / "train/benign/scan_02.png")
    Image.fromarray(noise // 2).save(leaking / "test/benign/scan_02.png")
    (near,) = describe(leaking, "--near=24").report["near_duplicates"]["nearest"]
    assert [place[2] for place in near[:2]] == [
        f"{split}/benign/scan_02.png" for split in ("train", "test")
    ]


@pytest.mark.parametrize("stream", ["", ",data.stream_above_gib=0.0"])
def test_a_run_says_what_is_wrong_with_its_data(leaking, distil, tmp_path, stream):
    said = distil(f"folder:{leaking},data.size=16{stream}")
    assert said.status == 0
    lines = [
        "leakage: 1 image in both splits of train–test",
        "train repeats 1 image of its own",
        "1 image with more than one label",
    ]
    assert said.report["data"]["warnings"] == lines
    assert [line for line in said.lines if "warning: " in line] == [
        f"medjax: warning: {line}" for line in lines
    ]
    assert said.out.count("warning: leakage: 1 image in both splits of train–test") == 1
    page = (tmp_path / "work" / "report.html").read_text()
    first = page.partition("<p")[2].partition("</p>")[0]
    assert "Leakage: 1 image in both splits of train–test. Train repeats" in first
    assert "1 image with more than one label." in first


def test_a_run_without_a_fault_says_nothing(plain, distil, tmp_path):
    said = distil(f"folder:{plain},data.size=16")
    assert said.report["data"]["warnings"] == [] and "warning" not in said.out
    assert said.report["data"]["patients"] == CUT and said.report["data"]["cut"] == "file"
    page = (tmp_path / "work" / "report.html").read_text()
    assert "Data." not in page and CUT in page


def test_patients_of_a_table_stay_whole(plain, describe, distil, tmp_path):
    rows = ["file,label,patient"]
    for file in sorted(plain.rglob("*.png")):
        rows.append(f"{file.relative_to(plain)},{file.parent.name},p{len(rows) // 3}")
    (tmp_path / "table.csv").write_text("\n".join(rows))
    said = describe(plain, f"--folder.table={tmp_path / 'table.csv'}")
    (line,) = [line for line in said.out.splitlines() if line.startswith("patients stay whole: ")]
    counts = line.removeprefix("patients stay whole: ").partition(" ")[0].split("/")
    assert sum(map(int, counts)) == 9 and line.endswith(" patients in train/val/test")
    setting = f"--config.data.folder.table={tmp_path / 'table.csv'}"
    found = distil(f"folder:{plain},data.size=16", setting).report["data"]
    assert found["patients"] == line and found["cut"] == "patient"


def test_siblings_that_a_cut_tears_apart(tmp_path, describe):
    names = ["IMG_{:02}.png", "aug_IMG_{:02}_0_17.png", "aug_IMG_{:02}_0_4021.png"]
    root = folder(
        tmp_path / "augmented",
        lambda rng, *_: texture(rng),
        count=30,
        name=lambda number: names[number % 3].format(number // 3),
    )
    for _ in range(2):  # converted, and from the cache
        said = describe(root)
        (line,) = said.warnings
        assert line.startswith("perhaps leakage: ") and "aug_IMG_" in line and "patient" in line
        assert said.report["siblings"]["of"] == 60


@pytest.mark.parametrize(
    "names, asked",
    [
        (("p{:02}_left.png", "p{:02}_right.png"), True),
        (("p{:02}_1.png", "p{:02}_2.png"), True),
        (("img_{:02}.png", "img_{:02}.png"), False),
        (("2023-01-{:02}_0.png", "2023-01-{:02}_1.png"), False),
    ],
)
def test_siblings_in_two_classes(tmp_path, save, describe, names, asked):
    for number in range(24):
        for label, name in enumerate(names):
            file = name.format(number + 1)
            save(tmp_path / "set" / ("benign", "malignant")[label] / file, label, number)
    said = describe(tmp_path / "set")
    assert said.images == 48 and said.warned("perhaps leakage: ", "p", " named like") == asked


def wide(rng, label, _):
    return texture(rng, 20, 32 if label else 20)


def boxed(rng, label, number):
    if label and number % 4:
        return np.pad(texture(rng, 24, 24), ((0, 0), (4, 4)))
    return texture(rng, 24, 32)


def test_shortcuts_of_pictures_are_measured_before_their_conversion(tmp_path, describe):
    for name, draw, most in (("wide", wide, "size"), ("boxed", boxed, "padding")):
        said = describe(folder(tmp_path / name, draw, count=24))
        (line,) = said.warnings
        assert line.startswith("perhaps a shortcut: ") and "malignant from the rest" in line
        assert f"most of all {most} (" in line
    malignant = said.report["made"]["classes"]["malignant"]
    assert malignant["sizes"] == {"24×32": 24} and malignant["padded"] == 0.75
    assert describe(tmp_path / "boxed").report["made"] == said.report["made"]  # from the cache


def test_jpegs_in_grey_and_in_colour(tmp_path, describe):
    def draw(rng, label, number):
        image = texture(rng, 24, 24)[..., None].repeat(3, axis=2)
        if label and number % 2:
            image[:8, :8] = (200, 40, 40)
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=90)
        return np.asarray(Image.open(stream))

    said = describe(folder(tmp_path / "colour", draw, count=30), "--convert.mode=grey")
    assert said.report["made"]["classes"]["malignant"]["coloured"] == 0.5
    assert said.report["made"]["classes"]["benign"]["coloured"] == 0
    assert any("colour" in line for line in said.warnings)
