"""Names, paths, roots and sizes: which file ``load`` reads and what it says of it."""

import hashlib
import pathlib

import numpy as np
import pytest

from medjax.data import Streaming, digest, load, names, parse_preparation, read
from medjax.data.medmnist import checksums
from medjax.data.medmnist import download as published
from medjax.data.medmnist.registry import SPLITS
from medjax.data.prepare import parsing
from medjax.errors import UserError
from medjax.types import MULTI_LABEL

ARRAYS = {
    f"{split}_{part}": (
        np.arange(count * 28 * 28).astype(np.uint8).reshape(count, 28, 28)
        if part == "images"
        else np.arange(count, dtype=np.uint8)[:, None] % 2
    )
    for split, count in (("train", 6), ("val", 2), ("test", 4))
    for part in ("images", "labels")
}


def _write(path, **changes):
    np.savez(path, **{**ARRAYS, **changes})
    return path


def _md5(path):
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _message(*args, **kwargs):
    with pytest.raises(UserError) as caught:
        load(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_local_path(tmp_path):
    path = _write(tmp_path / "ward.npz")
    for name in (path, str(path)):
        ds = load(name)
        assert ds.train.images.shape == (6, 28, 28, 1) and len(ds.val) == 2
        assert ds.info.name == "ward" and ds.info.source == str(path)
        assert (ds.info.task, ds.info.classes) == ("binary-class", ("0", "1"))
        assert (ds.info.licence, ds.info.digest) == ("unknown", _md5(path))
        assert ds.info.official_digest is None and "flip" in ds.info.augment


def test_the_task_of_a_local_set_is_read_off_its_labels(tmp_path):
    three = _write(tmp_path / "three.npz", train_labels=np.arange(6) % 3)
    assert load(three).info.task == "multi-class"
    matrix = {
        f"{s}_labels": np.ones((n, 5), int) for s, n in (("train", 6), ("val", 2), ("test", 4))
    }
    ds = load(_write(tmp_path / "many.npz", **matrix))
    assert ds.info.task == "multi-label, binary-class"
    assert (ds.num_classes, ds.train.labels.shape) == (5, (6, 5))


def test_a_bare_name_is_sought_in_the_root(tmp_path, monkeypatch):
    _write(tmp_path / "ward.npz")
    assert load("ward", root=tmp_path).info.name == "ward"
    monkeypatch.setenv("MEDJAX_DATA_DIR", str(tmp_path))
    assert load("ward").info.name == "ward"
    message = _message("ward", size=64)
    assert message.startswith("ward has no size 64: no data file ") and "ward.npz" in message


def test_digits_are_not_flipped(tmp_path):
    path = _write(tmp_path / "mnist.npz")
    assert load("mnist", root=tmp_path).info.augment == "color_crop_cutout_scale_rotate"
    assert load(path).info.augment == "color_crop_cutout_scale_rotate"


def test_another_file_under_a_registered_name_is_used_with_a_warning(tmp_path):
    path = _write(tmp_path / "pneumoniamnist.npz")
    official = "28209eda62fecd6e6a2d98b1501bb15f"
    with pytest.warns(UserWarning, match=f"MD5 is {_md5(path)}, not {official}") as caught:
        ds = load("pneumoniamnist", root=tmp_path)
    assert [w.filename for w in caught] == [__file__]
    assert (ds.info.digest, ds.info.official_digest) == (_md5(path), official)
    assert ds.info.classes == ("normal", "pneumonia")
    assert (ds.info.licence, ds.info.source) == ("CC BY 4.0", str(path))


def test_a_path_named_as_a_registered_set_keeps_its_facts(tmp_path):
    """Else the organs of a file given by its path would be flipped."""
    labels = {f"{s}_labels": np.arange(n) % 11 for s, n in (("train", 22), ("val", 2), ("test", 4))}
    sized = {"train_images": np.zeros((22, 32, 32), np.uint8)}
    sized |= {f"{s}_images": np.zeros((n, 32, 32), np.uint8) for s, n in (("val", 2), ("test", 4))}
    path = _write(tmp_path / "organamnist_32.npz", **labels, **sized)
    with pytest.warns(UserWarning, match="not that of any published size"):
        ds = load(path)
    assert ds.info.name == "organamnist" and ds.info.classes[4] == "kidney-left"
    assert "flip" not in ds.info.augment and ds.info.official_digest is None


def test_a_file_with_the_right_digest_is_silent_and_official(tmp_path, monkeypatch):
    path = _write(tmp_path / "breastmnist.npz")
    monkeypatch.setattr(checksums, "official_md5", lambda name, *, size: _md5(path))
    ds = load("breastmnist", root=tmp_path, download=False)
    assert ds.info.digest == ds.info.official_digest
    assert ds.info.source.startswith("https://zenodo.org/") and "breastmnist" in ds.info.source


def test_a_missing_file_is_downloaded_into_the_root(tmp_path, monkeypatch):
    asked = []

    def download(name, *, size, path):
        asked.append((name, size, path))
        _write(path)

    monkeypatch.setattr(published, "download", download)
    with pytest.warns(UserWarning, match="not the published"):
        load("breastmnist", root=tmp_path)
    assert asked == [("breastmnist", 28, tmp_path / "breastmnist.npz")]


def test_a_missing_file_that_may_not_be_downloaded(tmp_path):
    root = tmp_path / "none"
    message = _message("bloodmnist", size=128, root=root, download=False)
    assert f"no data file {root / 'bloodmnist_128.npz'}: put https://zenodo.org/" in message
    assert not root.exists()
    assert _message(tmp_path / "gone.npz") == f"no data file {tmp_path / 'gone.npz'}"


def test_unknown_names_offer_the_nearest(tmp_path):
    _write(tmp_path / "ward.npz")
    message = _message("pneumonia", root=tmp_path)
    assert message.startswith(
        "unknown data set 'pneumonia' (did you mean 'pneumoniamnist'?); choose"
    )
    assert message.endswith("phantom, phantom_cells, phantom_findings, phantom_bedside, ward")
    assert "did you mean 'ward'" in _message("wards", root=tmp_path)
    assert "unknown data set" in _message("pneumonia", root=tmp_path / "none")


@pytest.mark.parametrize("name", names())
def test_unsupported_sizes_name_the_choices(name, tmp_path):
    expected = f"{name} has no size 32; choose from: 28, 64, 128, 224"
    assert _message(name, size=32, root=tmp_path) == expected


def test_a_size_asked_for_is_a_size_held(tmp_path):
    small = {k: v[:, :8, :8] for k, v in ARRAYS.items() if k.endswith("images")}
    path = _write(tmp_path / "ward.npz", **small)
    assert load(path).train.images.shape == (6, 8, 8, 1)
    assert load(path, size=8).train.images.shape == (6, 8, 8, 1)
    assert _message(path, size=64) == f"{path} holds 8×8 images, but size 64 was asked for"
    path = _write(tmp_path / "breastmnist.npz", **small)
    with pytest.warns(UserWarning):
        message = _message("breastmnist", root=tmp_path)
    assert message == f"{path} holds 8×8 images, but size 28 was asked for"


def test_every_file_of_the_real_data_root_loads(real_data_root, recwarn):
    paths = sorted(pathlib.Path(real_data_root).glob("*.npz"))
    for path in paths:
        ds = load(path.stem, root=real_data_root, download=False)
        assert len(ds.train) > 0 and ds.train.images.shape[1:3] == (28, 28)
        assert np.bincount(ds.train.labels, minlength=ds.num_classes).min() > 0
    unofficial = {str(w.message).split(" ")[0] for w in recwarn}
    assert unofficial <= {str(path) for path in paths}


def test_large_splits_stay_on_disk(tmp_path):
    path = _write(tmp_path / "ward.npz")
    whole = load(path)
    ds = load(path, streaming=Streaming(above=4 * 28 * 28, cache=tmp_path / "cache"))
    kinds = [isinstance(s.images, np.memmap) for s in (ds.train, ds.val, ds.test)]
    assert kinds == [True, False, False] and ds.train.images.shape == (6, 28, 28, 1)
    assert {p.name for p in (tmp_path / "cache" / "data").iterdir()} == {whole.info.digest}
    np.testing.assert_array_equal(ds.train.images, whole.train.images)
    np.testing.assert_array_equal((ds.mean, ds.std), (whole.mean, whole.std))
    assert ds.info == whole.info


def test_images_on_disk_must_be_as_fit_as_any(tmp_path):
    streaming = Streaming(above=0, cache=tmp_path / "cache")
    path = _write(tmp_path / "ward.npz", train_images=np.zeros((5, 28, 28), np.uint8))
    assert "train has 5 images but 6 labels" in _message(path, streaming=streaming)
    path = _write(tmp_path / "ward.npz", train_images=np.zeros((6, 28), np.uint8))
    assert "needs (n, h, w)" in _message(path, streaming=streaming)


def test_rows_with_a_single_one_are_said_to_look_like_classes(tmp_path):
    rng, arrays = np.random.default_rng(0), {}
    for split, count in (("train", 9), ("test", 6)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, 4, 4), np.uint8)
        arrays[f"{split}_labels"] = np.eye(3, dtype=np.uint8)[np.arange(count) % 3]
    np.savez(tmp_path / "hot.npz", **arrays)
    said = r"hot\.npz: each row of its labels has a single 1 of 3.*argmax\(axis=1\)"
    with pytest.warns(UserWarning, match=said) as caught:
        ds = load(tmp_path / "hot.npz")
    assert "\n" not in str(caught[0].message) and caught[0].filename == __file__
    assert ds.info.task == MULTI_LABEL
    arrays["test_labels"][0] = 1
    np.savez(tmp_path / "many.npz", **arrays)
    assert load(tmp_path / "many.npz").info.task == MULTI_LABEL


def test_rows_of_floats_with_a_single_one_too(tmp_path):
    hot = {f"{s}_labels": np.eye(2)[np.arange(len(ARRAYS[f"{s}_labels"])) % 2] for s in SPLITS}
    with pytest.warns(UserWarning, match=r"argmax\(axis=1\)"):
        ds = load(_write(tmp_path / "hot.npz", **hot))
    assert ds.info.task == MULTI_LABEL and ds.train.labels.dtype == np.int32


@pytest.mark.parametrize("dtype", ["i2", "u2", "i4", "f4", "f8"])
def test_a_window_reads_raw_values(dtype, tmp_path):
    ends = -160, 40, 240
    values = np.resize(np.array(ends), (6, 28, 28)).astype("i4") + 160 * (dtype == "u2")
    raw = {f"{s}_images": values[: len(ARRAYS[f"{s}_images"])].astype(dtype) for s in SPLITS}
    path = _write(tmp_path / "ct.npz", **raw)
    assert "window(center=" in _message(path) and "\n" not in _message(path)
    center = 40 + 160 * (dtype == "u2")
    for text in (f"window({center}, 400)", f"resize(28)|window({center}, 400)"):
        ds = load(path, preparation=parse_preparation(text))
        assert ds.train.images.dtype == np.uint8
        assert ds.train.images[0, 0, :3, 0].tolist() == [0, 128, 255]
    ds = load(path, preparation=parse_preparation("percentile_clip(0, 100)"))
    assert ds.test.images[0, 0, :3, 0].tolist() == [0, 128, 255]
    text = str(ds.preparation)
    np.testing.assert_array_equal(
        load(path, preparation=parse_preparation(text)).val.images, ds.val.images
    )
    streaming = Streaming(above=0, cache=tmp_path / "cache")
    message = _message(path, streaming=streaming, preparation=parse_preparation("window(40, 400)"))
    assert "only uint8" in message and "raise data.stream_above_gib" in message


def test_three_channels_that_are_the_same(tmp_path):
    grey = {f"{s}_images": ARRAYS[f"{s}_images"][..., None].repeat(3, -1) for s in SPLITS}
    path = _write(tmp_path / "grey.npz", **grey)
    with pytest.warns(UserWarning, match="data.prepare=grayscale") as caught:
        assert load(path).mean.size == 3
    assert caught[0].filename == __file__ and len(caught) == 1
    with pytest.warns(UserWarning, match="data.prepare=grayscale") as caught:
        read(path, streaming=Streaming(above=0, cache=tmp_path / "cache"))
    assert caught[0].filename == __file__
    assert load(path, preparation=parse_preparation("grayscale")).mean.size == 1
    assert load(path, preparation=parse_preparation("rgb")).mean.size == 3
    grey["test_images"] = grey["test_images"].copy()
    grey["test_images"][-1, 0, 0] = 90, 60, 30
    assert load(_write(tmp_path / "colour.npz", **grey)).mean.size == 3


def test_a_download_that_stopped_is_mended_by_another(tmp_path, monkeypatch):
    whole = _write(tmp_path / "whole.npz").read_bytes()
    path = tmp_path / "breastmnist.npz"
    for part in (whole[:-1000], whole[:3], b"", b"<html>busy</html>"):
        path.write_bytes(part)
        with (
            pytest.warns(UserWarning, match="not the published"),
            pytest.raises(UserError) as caught,
        ):
            load("breastmnist", root=tmp_path)
        message = str(caught.value)
        assert "download that stopped" in message or "a web page" in message
        assert "delete it to download breastmnist again" in message
        assert published.url("breastmnist", size=28) in message
    path.unlink()
    content = {path: whole}
    monkeypatch.setattr(
        published, "download", lambda *_, path, **__: path.write_bytes(content[path])
    )
    with pytest.warns(UserWarning, match="not the published"):
        assert len(load("breastmnist", root=tmp_path).train) == 6


def test_a_preparation_is_a_value_that_nobody_parses_again(monkeypatch):
    wanted = parse_preparation("resize(16)|rgb")
    monkeypatch.setattr(parsing, "parse_preparation", None)
    prepared, plain = load("phantom", preparation=wanted), load("phantom")
    assert str(prepared.preparation) == str(wanted)
    np.testing.assert_array_equal(prepared.test.images, wanted.apply(plain.test.images))


def test_the_text_of_a_preparation_is_refused_with_a_hint():
    with pytest.raises(UserError, match=r"must be parse_preparation\(text\), got 'resize\(16\)'"):
        load("phantom", preparation="resize(16)")


def test_a_folder_is_told_by_its_prefix(tmp_path, monkeypatch):
    (tmp_path / "scans").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("scans", "./scans", str(tmp_path / "scans")):
        assert _message(name) == f"{name} is a folder: its images are read as folder:{name}"
    assert _message("gone/scans") == "no data file gone/scans"
    assert _message("phantoms").startswith("unknown data set 'phantoms'")


def test_the_digest_alone_is_that_of_load(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    _write(tmp_path / "ward.npz")
    expected = load("ward", root=tmp_path).info.digest
    for name in ("ward", tmp_path / "ward.npz", "~/ward.npz"):
        assert digest(name, root=tmp_path) == expected
    _write(tmp_path / "ward.npz", test_labels=1 - ARRAYS["test_labels"])
    assert digest("ward", root=tmp_path) == _md5(tmp_path / "ward.npz") != expected
    for name in ("bloodmnist", "gone", "gone.npz", "folder:gone", "tfds:gone"):
        assert digest(name, root=tmp_path / "empty") is None
    (tmp_path / "pictures").mkdir()
    with pytest.raises(UserError, match="holds no images"):
        digest(f"folder:{tmp_path / 'pictures'}")
