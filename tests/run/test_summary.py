"""The data in a summary."""

import json

import numpy as np
import pytest
from PIL import Image

from medjax.run import config, distill

TINY = (
    "quick,ipc=1,net.width=4,net.depth=1,data.size=8,evaluation.epochs=2,evaluation.whole_steps=2,"
    "evaluation.networks=2,evaluation.select_networks=2,evaluation.augment=none,mesh.devices=1"
)


@pytest.fixture
def folder(tmp_path):
    """``{train,test}/{dark,light}`` of three images each, and one file that is no image."""
    for split in ("train", "test"):
        for label, name in enumerate(("dark", "light")):
            place = tmp_path / "scans" / split / name
            place.mkdir(parents=True)
            for i in range(3):
                pixels = np.full((8, 8), 100 * label + 10 * i, np.uint8)
                Image.fromarray(pixels).save(place / f"{i}.png")
    (tmp_path / "scans" / "train" / "dark" / "3.png").write_bytes(b"no picture")
    return tmp_path / "scans"


def test_skipped_files_are_named(folder, tmp_path):
    word = f"{TINY},folder:{folder},data.convert.skip_unreadable=True"
    distill.distill(config.make("random", "phantom", word).to_dict(), tmp_path / "run")
    found = json.loads((tmp_path / "run" / "summary.json").read_text())["data"]
    assert found["counts"] == {"train": 6, "test": 6}
    (skipped,) = found["left_out"]
    assert skipped["name"] == "train/dark/3.png" and skipped["reason"].startswith("is not a PNG")
    dim, blank = found["warnings"]
    assert dim.startswith("2 images are nearly black, with no value above 16 of 255; window or ")
    assert blank.startswith("12 images hold a single value: 3 of dark in train, 3 of light in ")
