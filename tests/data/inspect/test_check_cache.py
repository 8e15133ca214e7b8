"""The check of a data set is kept, and made again when anything changes that it depends on."""

import dataclasses
import json

import numpy as np
import pytest

from medjax import data
from medjax.data.inspect import check_cache, checking


@pytest.fixture
def archive(tmp_path):
    """An archive of textured images, of which one is in train and test."""
    rng, arrays = np.random.default_rng(0), {}
    for split, count in (("train", 12), ("test", 6)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, 8, 8), np.uint8)
        arrays[f"{split}_labels"] = np.arange(count) % 2
    arrays["test_images"][2] = arrays["train_images"][4]
    np.savez(tmp_path / "mine.npz", **arrays)
    return tmp_path / "mine.npz"


@pytest.fixture
def checks(monkeypatch):
    """Counts how often a set is checked."""
    done = []

    def check(info, splits):
        done.append(info.name)
        return checking.check(info, splits)

    monkeypatch.setattr(check_cache, "check", check)
    return done


def test_the_second_time_nothing_is_checked(archive, checks, tmp_path):
    dataset = data.load(archive)
    first = check_cache.check_once(dataset, cache=tmp_path / "cache")
    assert first == json.loads(json.dumps(data.check(dataset.info, dataset.splits)))
    assert first["leakage"] and first["warnings"]
    assert check_cache.check_once(data.load(archive), cache=tmp_path / "cache") == first
    assert len(checks) == 1
    (entry,) = (x for x in (tmp_path / "cache" / "checks").iterdir() if x.is_dir())
    assert entry.stat().st_mode & 0o077 == 0  # names of files are for their owner


def _damage(entry, how):
    file = entry / ("record.json" if how == "record" else "found.json")
    text = file.read_text()
    if how == "gone":
        file.unlink()
    else:
        file.write_text(
            text[: len(text) // 2] if how != "other" else text.replace("train", "trial")
        )


@pytest.mark.parametrize("how", ["cut", "other", "gone", "record"])
def test_a_damaged_result_is_found_again(archive, checks, tmp_path, caplog, how):
    dataset, cache = data.load(archive), tmp_path / "cache"
    first = check_cache.check_once(dataset, cache=cache)
    _damage(next(x for x in (cache / "checks").iterdir() if x.is_dir()), how)
    for _ in range(2):
        assert check_cache.check_once(dataset, cache=cache) == first
    assert len(checks) == 2 and not [x for x in caplog.records if x.levelname != "INFO"]


def test_what_matters_is_checked_anew(archive, checks, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    dataset = data.load(archive)
    check_cache.check_once(dataset, cache=cache)
    prepared = data.load(archive, preparation=data.parse_preparation("resize(4)"))
    check_cache.check_once(prepared, cache=cache)
    assert len(checks) == 2
    named = dataclasses.replace(dataset.info, classes=("a", "b"))
    check_cache.check_once(dataclasses.replace(dataset, info=named), cache=cache)
    pictures = {name: np.ones((len(x), 8), np.float32) for name, x in dataset.splits.items()}
    measured = dataclasses.replace(dataset.info, made=pictures)
    check_cache.check_once(dataclasses.replace(dataset, info=measured), cache=cache)
    assert len(checks) == 4
    with np.load(archive) as arrays:
        changed = {**arrays, "test_images": arrays["test_images"] // 2}
    np.savez(archive, **changed)
    assert not check_cache.check_once(data.load(archive), cache=cache)["leakage"]
    assert len(checks) == 5
    monkeypatch.setattr(check_cache, "_version", lambda: "another")
    check_cache.check_once(dataset, cache=cache)
    assert len(checks) == 6


def test_without_a_cache_it_is_checked_each_time(archive, checks, tmp_path):
    (tmp_path / "cache").write_text("in the place of a folder")
    dataset = data.load(archive)
    for _ in range(2):
        assert check_cache.check_once(dataset, cache=tmp_path / "cache")["leakage"]
    assert len(checks) == 2
