"""The data set of a run is checked once, in the cache of the run."""

import logging

import numpy as np
import pytest

from medjax.data.inspect import check_cache
from medjax.run import datasets
from medjax.run.settings import DataSettings


def test_a_second_start_warns_without_checking(tmp_path, monkeypatch, caplog):
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8), np.uint8)
    arrays = {f"{split}_images": images for split in ("train", "test")}
    labels = {f"{split}_labels": np.arange(8) % 2 for split in ("train", "test")}
    np.savez(tmp_path / "mine.npz", **arrays, **labels)
    dataset, _ = datasets.load_dataset(DataSettings(str(tmp_path / "mine.npz")))
    caplog.set_level(logging.WARNING, "medjax")
    found = datasets.check_images(dataset, cache=str(tmp_path / "cache"))
    first = caplog.messages
    assert any("leakage: 8 images" in line for line in first)
    caplog.clear()
    monkeypatch.setattr(check_cache, "check", lambda *_: pytest.fail("checked again"))
    assert datasets.check_images(dataset, cache=str(tmp_path / "cache")) == found
    assert caplog.messages == first
