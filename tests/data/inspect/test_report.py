"""``python -m medjax.data``: what it counts, warns of, prints, writes and refuses."""

import dataclasses
import json
import warnings

import numpy as np
import pytest
from PIL import Image

from medjax import data
from medjax.cli.data import main
from medjax.data import Split
from medjax.errors import UserError

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _same_warnings(monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)


@pytest.fixture
def leaking(tmp_path):
    """A file whose train repeats an image, shares one with val and one, relabelled, with test."""
    arrays = {
        f"{split}_images": RNG.integers(1, 200, (n, 8, 8), np.uint8)
        for split, n in (("train", 10), ("val", 4), ("test", 6))
    }
    arrays |= {f"{k[:-7]}_labels": np.arange(len(v), dtype=np.uint8) % 2 for k, v in arrays.items()}
    arrays["train_images"][8] = arrays["train_images"][0]
    arrays["val_images"][1] = arrays["train_images"][3]
    arrays["test_images"][2] = arrays["train_images"][5]
    np.savez(tmp_path / "ward.npz", **arrays)
    return tmp_path / "ward.npz"


def test_counts_and_warnings(leaking):
    found = data.describe(*data.read(leaking))
    assert {name: split["images"] for name, split in found["splits"].items()} == {
        "train": 10,
        "val": 4,
        "test": 6,
    }
    train = found["splits"]["train"]
    assert train["sizes"] == {"8×8×1": 10} and train["dtypes"] == {"uint8": 10}
    assert train["classes"] == {"0": 5, "1": 5}
    with np.load(leaking) as file:
        pixels = file["train_images"].astype(float)
    wanted = {"least": pixels.min(), "greatest": pixels.max(), "mean": pixels.mean()}
    assert train["intensity"] == pytest.approx(wanted | {"std": pixels.std()})
    assert found["duplicates"] == {
        "repeated": {"train": 1, "val": 0, "test": 0},
        "shared": {"train–val": 1, "train–test": 1},
        "groups": [
            [["train", 0], ["train", 8]],
            [["train", 3], ["val", 1]],
            [["train", 5], ["test", 2]],
        ],
        "label_conflicts": [[["train", 5], ["test", 2]]],
    }
    assert found["leakage"] and found["warnings"] == [
        "leakage: 1 image in both splits of train–val",
        "leakage: 1 image in both splits of train–test",
        "train repeats 1 image of its own",
        "1 image with more than one label",
    ]


def test_raw_images_and_many_labels():
    images = [np.full((h, 5), v, np.uint16) for h, v in ((4, 7), (9, 4000), (4, 9))]
    labels = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 0]], np.int32)
    info = data.load("phantom").info
    info = type(info)(**{**vars(info), "classes": ("a", "b", "c"), "official_digest": "other"})
    found = data.describe(info, {"train": Split(images, labels)})
    train = found["splits"]["train"]
    assert train["sizes"] == {"4×5": 2, "9×5": 1} and train["dtypes"] == {"uint16": 3}
    assert train["classes"] == {"a": 2, "b": 1, "c": 0, "no label": 1}
    assert train["intensity"]["greatest"] == 4000 and not found["leakage"]
    assert found["warnings"] == [
        "the file is not the published one: its digest differs",
        "3 images hold a single value: 1 of a in train, 1 of no label in train, 1 of a and b in "
        "train",
        "train has no image of: c",
    ]
    text = data.report_text(found)
    assert "4×5 and 1 more" in text and "published other" in text


def test_ignored_labels_are_no_findings():
    info = data.load("phantom").info
    info = type(info)(**{**vars(info), "classes": ("a", "b")})
    images = np.arange(7 * 16, dtype=np.uint8).reshape(7, 4, 4, 1)
    rows = np.array([[1, -1], [-1, 0], [0, 0], [1, 1]], np.int32)
    splits = {"train": Split(images[:4], rows), "test": Split(images[4:], rows[[2, 3, 2]])}
    found = data.describe(info, splits)
    counts = [split["classes"] for split in found["splits"].values()]
    assert counts[0] == {"a": 2, "b": 1, "no label": 1, "ignored labels": 2}
    assert counts[1] == {"a": 1, "b": 1, "no label": 2}
    (line,) = [x for x in data.report_text(found).splitlines() if x.startswith("ignored labels")]
    assert line.split() == ["ignored", "labels", "2", "0"]


def test_near_duplicates_are_found_if_requested(leaking, tmp_path):
    with np.load(leaking) as file:
        arrays = dict(file)
    arrays["test_images"][0] = arrays["train_images"][1] // 2
    arrays["train_images"][7] = arrays["train_images"][6] + 1
    np.savez(tmp_path / "near.npz", **arrays)
    found = data.describe(*data.read(tmp_path / "near.npz"), near=10)
    near = found["near_duplicates"]
    assert near["pairs"] == {"train–test": 1, "train–train": 1}
    assert (near["distance"], near["bits"]) == (10, 256)
    ends = sorted(pair[:2] for pair in near["nearest"])
    assert ends == [[["train", 1], ["test", 0]], [["train", 6], ["train", 7]]]
    assert "perhaps leakage: 1 near-duplicate pairs in train–test" in found["warnings"]
    assert "near (≤ 10 of 256 bits) duplicates, pairs: " in data.report_text(found)
    with pytest.raises(UserError, match="near must be 0–127 bits, got 128"):
        data.describe(*data.read(leaking), near=128)


def test_the_command_prints_and_writes(leaking, tmp_path, capsys):
    out = tmp_path / "report.json"
    assert main(["data", f"--name={leaking}", f"--out={out}"]) == 0
    said = capsys.readouterr()
    assert "ward · binary-class · 2 classes" in said.out and not said.err
    assert "warning: leakage: 1 image in both splits of train–val" in said.out
    assert "exact duplicates, images in two splits: train–val 1, train–test 1" in said.out
    written = json.loads(out.read_text())
    assert written == json.loads(json.dumps(data.describe(*data.read(leaking))))
    assert main(["data", f"--name={leaking}", "--strict"]) == 1


def test_strict_accepts_a_clean_set(striped):
    assert main(["data", f"--name={striped / 'noval.npz'}", "--strict"]) == 0


def test_images_after_preparation(leaking, tmp_path, capsys):
    out = tmp_path / "report.json"
    steps = "percentile_clip(0, 50)|resize(4)|rgb"
    assert main(["data", f"--name={leaking}", f"--prepare={steps}", f"--out={out}"]) == 0
    written = json.loads(out.read_text())
    assert written["splits"]["train"]["sizes"] == {"4×4×3": 10}
    assert written["preparation"][0].startswith("percentile_clip(low=0, high=50, over=train, bou")
    assert "4×4×3" in capsys.readouterr().out


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """Two classes of ten 16-bit images in two sizes, a table, and a file that is no picture."""
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))
    rows = ["file,label"]
    for label, name in enumerate(("low", "high")):
        (tmp_path / "scans" / name).mkdir(parents=True)
        for i in range(10):
            pixels = np.full((6 + i % 2, 9), 1000 + 100 * label + i, np.uint16)
            Image.fromarray(pixels).save(tmp_path / "scans" / name / f"{i}.png")
            rows.append(f"{name}/{i}.png,{name}")
    (tmp_path / "scans" / "high" / "damaged.png").write_bytes(b"no picture")
    (tmp_path / "table.csv").write_text("\n".join(rows))
    return tmp_path / "scans"


def test_folders_of_raw_pictures(scans, tmp_path, capsys):
    command = ["data", f"--name=folder:{scans}", f"--out={tmp_path / 'report.json'}", "--size=4"]
    assert main(command) == 2
    assert "high/damaged.png (is not a PNG" in capsys.readouterr().err
    options = ["--convert.skip_unreadable", "--cut.val=0", "--cut.test=0.5", "--cut.seed=1"]
    for _ in range(2):  # converts, then reads the cache
        assert main([*command, *options]) == 0
        said = capsys.readouterr().out
        kinds = "PNG, JPEG, TIFF, BMP, GIF, WEBP, JPEG2000 or PPM"
        text = "a text file, such as an error message that was saved in its place; fetch it again"
        reason = f"is not a {kinds} file that Pillow can read: it is {text}"
        assert f"skipped: high/damaged.png ({reason})" in said
        assert "4×4×1" in said and "raw size" in said and "raw greatest" in said
        written = json.loads((tmp_path / "report.json").read_text())
        assert written["left_out"] == [{"name": "high/damaged.png", "reason": reason}]
        splits = written["splits"].values()
        assert set(written["splits"]) == {"train", "test"}
        assert sum(split["native"]["images"] for split in splits) == 20
        train = written["splits"]["train"]["native"]
        assert set(train["sizes"]) == {"6×9×1", "7×9×1"} and set(train["dtypes"]) == {"uint16"}
        assert min(split["native"]["intensity"]["least"] for split in splits) == 1000
        assert max(split["native"]["intensity"]["greatest"] for split in splits) == 1109
    assert main([*command, f"--folder.table={tmp_path / 'table.csv'}"]) == 0
    said = capsys.readouterr().out
    assert "skipped: " not in said and "1 of 21 pictures are in no row of" in said


def test_dicom_frames_and_intensities_without_padding(write_dicom, tmp_path, monkeypatch, capsys):
    pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))
    for number, place in enumerate(("train/a", "train/b", "test/a", "test/b")):
        (tmp_path / "ct" / place).mkdir(parents=True)
        frames = np.full((3, 5, 6), -2000, np.int16)
        frames[:, 1:4, 1:4] = np.arange(3)[:, None, None] + 10 * number
        tags = {"PixelPaddingValue": -2000, "RescaleSlope": 1, "RescaleIntercept": -1000}
        write_dicom(tmp_path / "ct" / place / "1.dcm", frames, **tags)
    out = tmp_path / "report.json"
    command = ["data", f"--name=folder:{tmp_path / 'ct'}", "--dicom.frames=all", f"--out={out}"]
    assert main(command) == 0
    train = json.loads(out.read_text())["splits"]["train"]
    assert train["images"] == 6 and train["native"]["sizes"] == {"5×6×1": 6}
    told = train["native"]["intensity"]
    assert (told["least"], told["greatest"]) == (-1000, -988)
    assert "28×28×1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--name is missing, as in --name=breastmnist"),
        (["--name=phantom", "more"], "unexpected argument 'more'"),
        (["--name=phantom", "--near=few"], "few"),
        (["--name=phantom", "--near=-1"], "near must be 0–127 bits, got -1"),
        (["--name=breatmnist"], "did you mean 'breastmnist'?"),
        (["--name=phantom", "--prepare=resize"], "resize needs size"),
        (["--name=folder:.", "--convert.mode=gray"], "unknown convert mode 'gray'"),
        (["--name=folder:.", "--cut.seed=x"], "--cut.seed"),
    ],
)
def test_mistakes_are_one_line(arguments, message, capsys):
    assert main(["data", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said and said.startswith("medjax: ") and said.count("\n") == 1


def test_help(capsys):
    assert main(["data", "--help"]) == 0
    assert "--near" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:.* is not the published")
@pytest.mark.parametrize(
    ("name", "shared", "repeated"),
    [("retinamnist", {}, 0), ("breastmnist", {"train–test": 1}, 0)],
)
def test_published_sets(name, shared, repeated, real_data_root):
    info, splits = data.read(name, root=real_data_root, download=False)
    if info.digest != info.official_digest:
        pytest.skip("another file than the published one")
    found = data.describe(info, splits)
    counts = data.REGISTRY[name].counts
    assert [split["images"] for split in found["splits"].values()] == list(counts)
    assert found["duplicates"]["shared"] == shared
    assert found["duplicates"]["repeated"]["train"] == repeated


def test_what_was_found_while_a_set_was_listed_comes_first(leaking):
    info, splits = data.read(leaking)
    found = data.describe(dataclasses.replace(info, warnings=("a patient is in two",)), splits)
    assert found["warnings"][0] == "a patient is in two" and len(found["warnings"]) > 1
    assert "warning: a patient is in two" in data.report_text(found)
