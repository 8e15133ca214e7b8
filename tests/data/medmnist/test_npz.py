"""Every kind of unsuitable file has its message."""

import zipfile

import numpy as np
import pytest

from medjax.data import Streaming, load
from medjax.data.medmnist import npz
from medjax.data.medmnist.npz import large_images, read_splits
from medjax.data.medmnist.registry import REGISTRY
from medjax.errors import UserError
from medjax.types import MULTI_LABEL


def _arrays(counts=(6, 3, 4), shape=(4, 4), num_classes=3):
    """A valid three-class set of tiny grey images."""
    arrays = {}
    for name, count in zip(("train", "val", "test"), counts, strict=True):
        arrays[f"{name}_images"] = np.arange(count * np.prod(shape), dtype=np.uint8).reshape(
            count, *shape
        )
        arrays[f"{name}_labels"] = (np.arange(count, dtype=np.uint8) % num_classes)[:, None]
    return arrays


@pytest.fixture
def write(tmp_path):
    """Writes a set with some arrays replaced, or skipped if None; returns the path."""

    def write(**changes):
        arrays = {k: v for k, v in {**_arrays(), **changes}.items() if v is not None}
        np.savez(tmp_path / "toy.npz", **arrays)
        return tmp_path / "toy.npz"

    return write


def _message(path, **known):
    with pytest.raises(UserError) as caught:
        read_splits(path, **known)
    message = str(caught.value)
    assert "\n" not in message and str(path) in message
    return message.replace(str(path), "FILE")


def test_grey_images_gain_a_channel_and_labels_lose_an_axis(write):
    splits = read_splits(write())
    assert list(splits) == ["train", "val", "test"]
    assert splits["train"].images.shape == (6, 4, 4, 1)
    assert splits["train"].labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert splits["train"].labels.dtype == np.int32
    np.testing.assert_array_equal(splits["val"].images[..., 0], _arrays()["val_images"])


def test_flat_labels_rgb_and_no_val(write):
    changes = {
        f"{s}_images": np.zeros((n, 4, 5, 3), np.uint8) for s, n in (("train", 6), ("test", 4))
    }
    path = write(val_images=None, val_labels=None, train_labels=np.arange(6) % 3, **changes)
    splits = read_splits(path)
    assert list(splits) == ["train", "test"]
    assert splits["train"].images.shape == (6, 4, 5, 3)


def test_label_matrices_are_multi_label(write):
    matrix = {
        f"{s}_labels": np.eye(n, 4, dtype=np.int64)
        for s, n in (("train", 6), ("val", 3), ("test", 4))
    }
    assert read_splits(write(**matrix))["train"].labels.shape == (6, 4)
    matrix["test_labels"] = 2 * matrix["test_labels"]
    assert _message(write(**matrix)) == "FILE: test_labels holds 2; choose labels in 0–1"
    matrix["test_labels"] = np.eye(4, 5, dtype=np.int64)
    assert "labels (5,) each, but train has (4, 4, 1) and (4,)" in _message(write(**matrix))


def test_a_label_that_no_training_image_has_is_empty(write):
    matrix = {
        f"{s}_labels": np.eye(n, 4, dtype=int) for s, n in (("train", 6), ("val", 3), ("test", 4))
    }
    matrix["train_labels"][:, 2] = 0
    assert _message(write(**matrix)) == "FILE: class 2 has no image in train"


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_truncated_file(write, keep):
    path = write()
    path.write_bytes(path.read_bytes()[:keep])
    assert _message(path).startswith("FILE is not a readable .npz file (")


def test_not_an_npz_at_all(tmp_path):
    text, array, folder = tmp_path / "text.npz", tmp_path / "array.npz", tmp_path / "folder.npz"
    text.write_text("hello")
    with open(array, "wb") as file:
        np.save(file, np.zeros(3))
    folder.mkdir()
    for path in (text, array, folder):
        assert _message(path).startswith("FILE is not a readable .npz file (")


def test_damage_inside_an_array(write):
    path = write()
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("train_images.npy").header_offset
    raw = bytearray(path.read_bytes())
    raw[start + 200] ^= 255
    path.write_bytes(raw)
    assert _message(path).startswith("FILE is not a readable .npz file (")


def test_nothing_is_unpickled(write):
    path = write(train_labels=np.array([object()] * 6))
    assert "allow_pickle=False" in _message(path)


def test_missing_keys_are_listed_with_those_found(write):
    message = _message(write(train_labels=None, val_images=None))
    expected = "test_images, test_labels, train_images, val_labels"
    assert message == f"FILE lacks train_labels, val_images; it holds: {expected}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val_images": np.zeros((3, 4, 4), np.int64)}, "val_images is int64; needs uint8, 0–255"),
        (
            {"val_images": np.full((3, 4, 4), np.nan, np.float32)},
            "val_images holds 48 NaN pixels (float32); needs uint8, 0–255",
        ),
        ({"val_images": np.zeros((3, 4, 4))}, "val_images is float64; needs uint8, 0–255"),
        (
            {"val_images": np.zeros((3, 3, 4, 4), np.uint8)},
            "val_images has shape (3, 3, 4, 4); needs (n, h, w), (n, h, w, 1) or (n, h, w, 3)",
        ),
        (
            {"val_images": np.zeros((3, 16), np.uint8)},
            "val_images has shape (3, 16); needs (n, h, w), (n, h, w, 1) or (n, h, w, 3)",
        ),
        (
            {"val_images": np.zeros((0, 4, 4), np.uint8)},
            "val_images is empty (shape (0, 4, 4)); needs at least one image",
        ),
        (
            {"val_images": np.zeros((3, 5, 4), np.uint8)},
            "val has images (5, 4, 1) and labels () each, but train has (4, 4, 1) and ()",
        ),
        ({"train_labels": np.zeros(5, int)}, "train has 6 images but 5 labels"),
        ({"train_labels": np.zeros(6)}, "train_labels is float64; needs integers"),
        ({"train_labels": np.array(list("abcdef"))}, "train_labels is <U1; needs integers"),
        (
            {"train_labels": np.zeros((6, 1, 1), int)},
            "train_labels has shape (6, 1, 1); needs (n,), (n, 1) or (n, L)",
        ),
        (
            {"train_labels": np.array([0, 1, 2, -1, 0, 1])},
            "train_labels holds the negative label -1; labels start at 0",
        ),
        (
            {"train_labels": np.array([0, 1, 2, 0, 1, 2**40])},
            "train_labels holds 1099511627776; choose labels in 0–2147483647",
        ),
        ({"train_labels": np.array([0, 2, 3, 0, 2, 9])}, "class 1 has no image in train"),
        ({"train_labels": np.array([0, 1, 2**30, 0, 1, 1])}, "class 2 has no image in train"),
        (
            {"train_labels": np.zeros(6, int)},
            "train_labels holds only class 0; needs two classes or more",
        ),
        ({"test_labels": np.array([0, 1, 2, 3])}, "test_labels holds 3; choose labels in 0–2"),
    ],
)
def test_unfit_contents(write, changes, message):
    assert _message(write(**changes)) == f"FILE: {message}"


def test_disagreement_with_what_is_known(write):
    derma, pneumonia = REGISTRY["dermamnist"], REGISTRY["pneumoniamnist"]
    assert _message(write(), size=64) == "FILE holds 4×4 images, but size 64 was asked for"
    assert _message(write(), facts=derma) == "FILE holds images of 1 channels; needs 3"
    assert _message(write(), facts=pneumonia) == "FILE: train_labels holds 2; choose labels in 0–1"
    only_normal = {
        f"{s}_labels": np.zeros(n, int) for s, n in (("train", 6), ("val", 3), ("test", 4))
    }
    expected = "FILE: class 1 (pneumonia) has no image in train"
    assert _message(write(**only_normal), facts=pneumonia) == expected
    chest = REGISTRY["chestmnist"]
    assert chest.task == MULTI_LABEL
    assert _message(write(), facts=chest) == "FILE holds labels of shape ('n',); needs ('n', 14)"


def test_large_images_are_those_above_the_limit(write):
    path = write()  # 96, 48 and 64 bytes
    assert large_images(path, limit=0) == ["train_images", "val_images", "test_images"]
    assert large_images(path, limit=64) == ["train_images"]
    assert large_images(path, limit=96) == []
    path = write(train_images=np.zeros((6, 4, 4)))
    with pytest.raises(UserError, match="train_images is float64; needs uint8"):
        large_images(path, limit=96)
    path = write(train_images=np.asfortranarray(np.zeros((6, 4, 4), np.uint8)))
    with pytest.raises(UserError, match="ascontiguousarray"):
        large_images(path, limit=95)
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"not a readable \.npz"):
        large_images(path, limit=0)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("shape", [b"(5, 4, 4)", b"(7, 4, 4)", b"(6, 4, 2)"])
def test_a_header_that_says_another_length_is_refused(shape, streams, write, tmp_path):
    whole, changed = write(), tmp_path / "changed.npz"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():  # its checksum is right
            new.writestr(name, old.read(name).replace(b"(6, 4, 4)", shape))
    streaming = Streaming(above=0, cache=tmp_path / "cache") if streams else None
    with pytest.raises(UserError, match="differs from its header") as caught:
        load(changed, streaming=streaming)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["_header", "_unreadable"])
@pytest.mark.parametrize("kind", [TypeError, KeyError, ZeroDivisionError])
def test_a_bug_of_ours_keeps_its_traceback(name, kind, write, monkeypatch):
    def ours(*_):
        raise kind("a bug")

    path = write()
    if name == "_unreadable":
        path.write_bytes(b"no archive")
    monkeypatch.setattr(npz, name, ours)
    for read in (read_splits, lambda path: large_images(path, limit=0)):
        with pytest.raises(kind, match="a bug") as caught:
            read(path)
        assert caught.traceback[-1].name == "ours"
