"""The baselines of a run are kept for later runs on the same data, seed and recipe."""

import json
import pathlib

import numpy as np
import pytest

from medjax import evaluate, store
from medjax.errors import UserError
from medjax.evaluate.baselines import subsets, whole
from medjax.run import distill
from medjax.run.judging import baseline_cache


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "baselines"


def _baselines(config, workdir):
    distill.distill(config, workdir)
    summary = json.loads((workdir / "summary.json").read_text())
    return summary["baselines"], summary["baseline_facts"]


def test_a_run_of_another_method_trains_no_baseline_again(settings, tmp_path, cache, monkeypatch):
    """The two methods differ in one validation more, so one more random subset is scored."""
    first = _baselines(settings("dm"), tmp_path / "dm")
    entries = {path.name for path in cache.iterdir() if path.is_dir()}
    for name in ("start_training", "train_networks"):
        monkeypatch.setattr(whole if name == "start_training" else subsets, name, None)
    assert _baselines(settings("dc"), tmp_path / "dc") == first
    assert {path.name for path in cache.iterdir() if path.is_dir()} == entries


@pytest.mark.parametrize("word", ["seed=1", "net.width=5", "precision=float32", "ipc=1"])
def test_whatever_changes_a_baseline_makes_another_entry(settings, tmp_path, cache, word):
    distill.distill(settings("dm"), tmp_path / "dm")
    before = {path.name for path in cache.iterdir() if path.is_dir()}
    distill.distill(settings("dm", word), tmp_path / "other")
    added = {path.name for path in cache.iterdir() if path.is_dir()} - before
    shared = 1 if word == "ipc=1" else 0  # all images, whose classes are equal
    assert len(added) == len(before) - shared


def test_a_damaged_entry_is_made_again(settings, tmp_path, cache):
    first = _baselines(settings("dm"), tmp_path / "first")
    for path in pathlib.Path(cache).glob("*/arrays.npz"):
        path.write_bytes(b"damaged")
    assert _baselines(settings("dm"), tmp_path / "second") == first


def test_damage_that_the_sampled_bytes_do_not_show_costs_only_time(tmp_path):
    made = evaluate.Made({"n": 1}, {"kernel": np.arange(9.0)})
    first = baseline_cache._keep(tmp_path / "entry", lambda: made, kind="whole")
    np.testing.assert_array_equal(first.arrays["kernel"], np.arange(9.0))
    assert (tmp_path / "entry").stat().st_mode & 0o077 == 0  # networks of patients' images
    record, path = tmp_path / "entry" / "record.json", tmp_path / "entry" / "arrays.npz"
    path.write_bytes(path.read_bytes()[:200])
    content = json.loads(record.read_text())
    record.write_text(json.dumps(content | {"files": {path.name: store.fingerprint(path)}}))
    assert baseline_cache._keep(tmp_path / "entry", lambda: made, kind="whole") is made


def test_several_processes_keep_nothing(settings, cache, monkeypatch):
    """All of them train each network together, and none may wait for another's entry."""
    monkeypatch.setattr(baseline_cache.jax, "process_count", lambda: 2)
    keep = baseline_cache.keeper(None)
    assert keep({"kind": "x"}, lambda: evaluate.Made({"n": 1})).facts == {"n": 1}
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_does_not_end_a_run(settings, tmp_path, monkeypatch):
    """The images have been distilled by then; a file stands where the cache should."""
    kept = _baselines(settings("dm"), tmp_path / "first")
    (tmp_path / "file").touch()
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert _baselines(settings("dm"), tmp_path / "second") == kept


def test_other_source_code_makes_another_entry(settings, tmp_path, cache, monkeypatch):
    distill.distill(settings("dm"), tmp_path / "first")
    before = {path.name for path in cache.iterdir() if path.is_dir()}
    monkeypatch.setattr(baseline_cache, "code_digest", lambda _: "another")
    distill.distill(settings("dm"), tmp_path / "second")
    assert len({path.name for path in cache.iterdir() if path.is_dir()}) == 2 * len(before)


def test_an_error_of_a_baseline_is_not_one_of_the_cache(tmp_path):
    calls = []

    def fail():
        calls.append(1)
        raise UserError("the images do not fit")

    with pytest.raises(UserError, match="do not fit"):
        baseline_cache._keep(tmp_path / "entry", fail, kind="random")
    assert calls == [1]
