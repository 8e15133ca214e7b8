"""``python -m medjax.data``: what it counts, warns of, prints, writes and refuses."""

import json
import warnings

import numpy as np
import pytest

from medjax import data
from medjax.data import Split
from medjax.data.__main__ import main
from medjax.errors import UserError

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _same_warnings(monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)


@pytest.fixture
def leaking(tmp_path):
    """A file: train repeats an image, shares one with val and, of another label, one with test."""
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


def test_native_images_and_many_labels():
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
        "train has no image of: c",
    ]
    text = data.report_text(found)
    assert "4×5 and 1 more" in text and "published other" in text


def test_near_duplicates_are_looked_for_where_asked(leaking, tmp_path):
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


def test_strict_is_content_with_a_clean_set(striped):
    assert main(["data", f"--name={striped / 'noval.npz'}", "--strict"]) == 0


def test_images_as_the_steps_leave_them(leaking, tmp_path, capsys):
    out = tmp_path / "report.json"
    steps = "percentile_clip(0, 50)|resize(4)|rgb"
    assert main(["data", f"--name={leaking}", f"--prepare={steps}", f"--out={out}"]) == 0
    written = json.loads(out.read_text())
    assert written["splits"]["train"]["sizes"] == {"4×4×3": 10}
    assert written["preparation"][0].startswith("percentile_clip(low=0, high=50, over=train, bou")
    assert "4×4×3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--name is missing, as in --name=breastmnist"),
        (["--name=phantom", "more"], "unexpected argument 'more'"),
        (["--name=phantom", "--near=few"], "few"),
        (["--name=phantom", "--near=-1"], "near must be 0–127 bits, got -1"),
        (["--name=breatmnist"], "did you mean 'breastmnist'?"),
        (["--name=phantom", "--prepare=resize"], "resize needs size"),
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
