"""Every kind of unsuitable file has its message."""

import zipfile

import numpy as np
import pytest

from medjax.data import Streaming, load
from medjax.data.medmnist.npz import large_images, read_splits
from medjax.data.medmnist.registry import REGISTRY, SPLITS
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
    splits, classes, notes = read_splits(write())
    assert classes == ("0", "1", "2") and not notes
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
    splits = read_splits(path).splits
    assert list(splits) == ["train", "test"]
    assert splits["train"].images.shape == (6, 4, 5, 3)


def test_label_matrices_are_multi_label(write):
    matrix = {
        f"{s}_labels": np.eye(n, 4, dtype=np.int64)
        for s, n in (("train", 6), ("val", 3), ("test", 4))
    }
    found = read_splits(write(**matrix))
    assert found.splits["train"].labels.shape == (6, 4) and found.classes == ("0", "1", "2", "3")
    matrix["test_labels"] = 2 * matrix["test_labels"]
    assert "FILE: test_labels holds 2; choose labels in 0–1" in _message(write(**matrix))
    matrix["test_labels"] = np.eye(4, 5, dtype=np.int64)
    assert "labels (5,) each, but train has (4, 4, 1) and (4,)" in _message(write(**matrix))


def test_a_label_that_no_training_image_has_is_empty(write):
    matrix = {
        f"{s}_labels": np.eye(n, 4, dtype=int) for s, n in (("train", 6), ("val", 3), ("test", 4))
    }
    matrix["train_labels"][:, 2] = 0
    assert _message(write(**matrix)) == "FILE: class 2 has no image in train"


def test_missing_keys_are_listed_with_those_found(write):
    message = _message(write(train_labels=None, val_images=None))
    expected = "test_images, test_labels, train_images, val_labels"
    assert message == f"FILE lacks train_labels, val_images; it holds: {expected}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"val_images": np.zeros((3, 4, 4), np.int64)},
            "val_images is int64; needs uint8, 0–255, as train_images",
        ),
        (
            {"val_images": np.full((3, 4, 4), np.nan, np.float32)},
            "val_images holds 48 NaN or infinite pixels (float32); replace them, as np.nan_to_num"
            " does",
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
        (
            {"train_labels": np.zeros((6, 1, 1), int)},
            "train_labels has shape (6, 1, 1); needs (n,), (n, 1) or (n, L)",
        ),
        (
            {"train_labels": np.zeros(6, int)},
            "train_labels holds only class 0; needs two classes or more",
        ),
        (
            {"test_labels": np.array([0, 1, 2, 3])},
            "test_labels holds 3; train_labels holds only 0, 1, 2",
        ),
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
    for labels, message in (
        (np.ones(6), "is float64; needs integers"),
        (-np.ones(6, int), "-1; c"),
    ):
        assert message in _message(write(train_labels=labels), facts=pneumonia)


def test_large_images_are_those_above_the_limit(write):
    path = write()  # 96, 48 and 64 bytes
    assert large_images(path, limit=0) == ["train_images", "val_images", "test_images"]
    assert large_images(path, limit=64) == ["train_images"]
    assert large_images(path, limit=96) == []
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"not a readable \.npz"):
        large_images(path, limit=0)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((6, 4, 4)), "is float64 (6, 4, 4) of 7.15e-07 GiB, above data.stream_above_gib"),
        (np.asfortranarray(np.zeros((6, 4, 4), np.uint8)), "stored by columns of"),
        (np.zeros((6, 3, 9, 9), np.uint8), "is uint8 (6, 3, 9, 9) of"),
        (np.zeros((6, 9, 9, 4), np.uint8), "save np.ascontiguousarray of"),
        (np.zeros((6, 9, 9, 9), np.uint8), "as volumes have"),
    ],
)
def test_large_images_that_do_not_stream(images, message, write):
    path = write(train_images=images)
    assert large_images(path, limit=images.nbytes) == []
    with pytest.raises(UserError) as caught:
        large_images(path, limit=images.nbytes - 1)
    assert message in str(caught.value) and "\n" not in str(caught.value)


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


def test_raw_images_stay_as_they_are(write):
    values = np.arange(-8, 8, dtype=np.int16).reshape(1, 4, 4)
    images = {
        f"{s}_images": np.repeat(values, n, 0) for s, n in zip(SPLITS, (6, 3, 4), strict=True)
    }
    assert "train_images is int16 from -8 to 7" in _message(write(**images))
    found = read_splits(write(**images), raw=True).splits
    np.testing.assert_array_equal(found["val"].images[..., 0], images["val_images"])
    images["test_images"] = np.full((4, 4, 4), np.inf)
    assert "test_images holds 64 NaN or infinite" in _message(write(**images), raw=True)


def test_what_was_done_is_said_once(write):
    images = {
        f"{s}_images": np.full((n, 3, 9, 9), 0.5) for s, n in zip(SPLITS, (6, 3, 4), strict=True)
    }
    splits, _, notes = read_splits(write(**images))
    assert notes == [
        "its images are read with their channels first",
        "its images are float64 in 0–1, and are read as 0–255",
    ]
    assert splits["val"].images.shape == (3, 9, 9, 3) and (splits["val"].images == 128).all()
