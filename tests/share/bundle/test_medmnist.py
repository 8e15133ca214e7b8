"""The layout of MedMNIST, as its own loader reads it."""

import io

import numpy as np
import pytest

from medjax.share.bundle import medmnist

IMAGES = np.random.default_rng(0).random((4, 28, 28, 3))


def read(*args, **kwargs):
    with np.load(io.BytesIO(medmnist.content(*args, **kwargs))) as file:
        return dict(file)


def test_six_arrays():
    found = read(IMAGES, np.array([0, 1, 1, 2]), multi_label=False)
    shapes = {name: array.shape for name, array in found.items()}
    assert {array.dtype.str for array in found.values()} == {"|u1"}
    for split, count in (("train", 4), ("val", 0), ("test", 0)):
        assert shapes[f"{split}_images"] == (count, 28, 28, 3)
        assert shapes[f"{split}_labels"] == (count, 1)


def test_rows_become_whole_numbers():
    rows = np.float32([[0.9, 0.1], [0.2, 0.8], [1, 0], [0.4, 0.6]])
    assert read(IMAGES, rows, multi_label=False)["train_labels"].ravel().tolist() == [0, 1, 0, 1]
    rows = np.float32([[0.9, 0.7], [0, 0], [1, 0], [0.4, 0.6]])
    found = read(IMAGES, rows, multi_label=True)["train_labels"]
    assert found.tolist() == [[1, 1], [0, 0], [1, 0], [0, 1]]


def test_the_loader_of_medmnist(tmp_path):
    loaders = pytest.importorskip("medmnist", reason="needs medmnist, the extra [medmnist]")
    labels = np.array([0, 3, 7, 1])
    (tmp_path / "bloodmnist.npz").write_bytes(medmnist.content(IMAGES, labels, multi_label=False))
    train, val = (
        loaders.BloodMNIST(split=x, root=str(tmp_path), size=28) for x in ("train", "val")
    )
    picture, label = train[1]
    np.testing.assert_array_equal(np.asarray(picture), np.rint(IMAGES[1] * 255).astype(np.uint8))
    assert label.tolist() == [3] and train.labels.ravel().tolist() == labels.tolist()
    assert len(val.imgs) == 0


def test_more_classes_than_a_byte_counts():
    found = read(IMAGES, np.array([0, 299, 1, 2]), multi_label=False)
    assert found["train_labels"].ravel().tolist() == [0, 299, 1, 2]
