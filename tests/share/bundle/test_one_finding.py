"""Label rows of one finding, ``[n, 1]``: every command keeps them as rows."""

import csv
import json
import warnings

import numpy as np
import pytest

from medjax import share
from medjax.cli.share import main

LABELS = [[1], [0], [0]]


@pytest.fixture
def bundle(findings, tmp_path):
    share.pack(findings(count=1, shape=(6, 6, 1)), tmp_path / "a.zip")
    return tmp_path / "a.zip"


def test_packed_verified_and_shown(bundle, capsys):
    card = share.read_bundle(bundle).card
    assert (card["data"]["classes"], card["images"]["labels"]) == (["mass"], "rows")
    assert share.load(bundle).labels.tolist() == LABELS and share.verify(bundle).ok
    assert main(["share", "show", str(bundle)]) == 0
    assert "1 class: mass" in capsys.readouterr().out


def test_exported(bundle, tmp_path):
    share.export(bundle, tmp_path / "set", to="imagefolder")
    with (tmp_path / "set" / "metadata.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [row["label: mass"] for row in rows] == ["1", "0", "0"]
    assert {row["file_name"].split("/")[0] for row in rows} == {"images"}
    for layout, name in (("npz", "labels"), ("medmnist", "train_labels")):
        share.export(bundle, tmp_path / f"{layout}.npz", to=layout)
        with np.load(tmp_path / f"{layout}.npz") as file:
            assert file[name].tolist() == LABELS


def test_merged(bundle, findings, tmp_path):
    share.pack(findings(count=1, shape=(6, 6, 1)), tmp_path / "b.zip")
    card = share.merge([bundle, tmp_path / "b.zip"], tmp_path / "both.zip")
    assert card["images"]["labels"] == "rows"
    assert share.load(tmp_path / "both.zip").labels.tolist() == LABELS * 2


def test_scored_on_two_classes(bundle, tmp_path, monkeypatch, capsys):
    """A set with one finding is read as two classes: 0 without it, and 1 with it."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    arrays, rng = {}, np.random.default_rng(0)
    for split, count in (("train", 8), ("test", 6)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, 6, 6)).astype(np.uint8)
        arrays[f"{split}_labels"] = np.arange(count)[:, None] % 2
    np.savez(tmp_path / "real.npz", **arrays)
    flags = ["--nets=convnet:width=4:depth=1", "--networks=1", "--epochs=1"]
    argv = ["share", "evaluate", str(bundle), f"--data={tmp_path / 'real.npz'}", *flags]
    assert main(argv) == 0
    assert "its labels are taken as 0 = 0, 1 = 1" in capsys.readouterr().err
    found = json.loads((tmp_path / "a_evaluation.json").read_text())
    assert set(found["results"]) == {"convnet:width=4:depth=1"} and found["num_images"] == 3
