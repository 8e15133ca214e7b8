"""Pixels and labels of sets from elsewhere: how they are taken, and what is said."""

import numpy as np
import pytest

from medjax.errors import UserError
from medjax.share.training_arrays import pixels, training_labels

CLASSES = ("cat", "dog", "eel")
BYTES = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


@pytest.mark.parametrize("dtype", ["u1", "f2", "f4", "f8"])
def test_plain_pixels_need_no_words(dtype):
    images = BYTES if dtype == "u1" else (BYTES / 255).astype(dtype)
    read, notes = pixels({"images": images})
    np.testing.assert_allclose(read, BYTES / 255, atol=2**-12)  # half a step of float16
    assert read.dtype == np.float32 and notes == []


@pytest.mark.parametrize("dtype", ["i2", ">u2", "i4", "i8", "u8"])
def test_bytes_in_other_integers(dtype):
    read, (note,) = pixels({"images": BYTES.astype(dtype)})
    np.testing.assert_allclose(read, BYTES / 255, rtol=1e-6)
    assert note.endswith("and are read as 0–255")
    read, (note,) = pixels({"images": BYTES > 9})
    assert set(read.ravel()) == {0, 1} and note.endswith("bool, and are read as 0–1")


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (0, 2.6), (-0.5, 1), (-2.1, 2.6), (0, 1.01)])
def test_floats_beyond_black_or_white(low, high):
    images = np.linspace(low, high, 100, dtype=np.float32).reshape(1, 10, 10, 1)
    read, (note,) = pixels({"images": images})
    np.testing.assert_array_equal(read, images)
    assert f"its images go from {low:g} to {high:g} and have no mean and std" in note
    assert "0 is black and 1 is white" in note and "images * std + mean" in note
    assert pixels({"images": images, "mean": np.zeros(1), "std": np.ones(1)})[1] == []


def test_the_statistics_say_where_the_channels_are():
    images = np.zeros((5, 3, 9, 3))
    stats = {"mean": np.zeros(3), "std": np.ones(3)}
    assert pixels({"images": images, **stats})[0].shape == images.shape
    with pytest.raises(UserError, match="the first or last may be channels"):
        pixels({"images": images})
    first, (note,) = pixels({"images": np.zeros((5, 3, 9, 8)), **stats})
    assert first.shape == (5, 9, 8, 3) and "channels first" in note


@pytest.mark.parametrize(
    "labels",
    [
        np.array([2, 0, 1], np.uint8),
        np.array([[2], [0], [1]]),
        np.array([[2, 0, 1]]),
        np.array([2.0, 0.0, 1.0], np.float16),
        np.array(["eel", "cat", "dog"]),
        np.array([b"eel", b"cat", b"dog"]),
        np.array(["2", "0", "1"]),
    ],
)
def test_labels_that_need_no_words(labels):
    read, notes = training_labels(labels, 3, classes=CLASSES, multi_label=False)
    assert read.tolist() == [2, 0, 1] and read.dtype == np.int32 and notes == []


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_one_hot_rows(dtype):
    rows = np.eye(3, dtype=dtype)[[2, 0, 1]]
    read, (note,) = training_labels(rows, 3, classes=CLASSES, multi_label=False)
    assert read.tolist() == [2, 0, 1] and "labels.argmax(axis=1)" in note


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_of_probabilities(dtype):
    rows = np.array([[0.2, 0.5, 0.3], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3]], dtype)
    read, (note,) = training_labels(rows, 3, classes=CLASSES, multi_label=False)
    np.testing.assert_array_equal(read, rows.astype(np.float32))
    assert read.dtype == np.float32 and "train by soft cross entropy" in note


def test_classes_that_are_named_by_numbers():
    grades = {"classes": ("1", "2", "4"), "multi_label": False}
    read, (note,) = training_labels(np.array([4, 1, 2]), 3, **grades)
    assert read.tolist() == [2, 0, 1] and "names of classes" in note
    read, notes = training_labels(np.array([2, 0, 1]), 3, **grades)
    assert read.tolist() == [2, 0, 1] and notes == []
    read, notes = training_labels(np.array(["4", "1", "2"]), 3, **grades)
    assert read.tolist() == [2, 0, 1] and notes == []


def test_numbers_that_may_be_names_of_other_classes():
    grades = {"classes": ("1", "2", "3"), "multi_label": False}
    for labels in (np.array([1, 2, 1]), np.array([1.0, 2, 1]), np.array([[2], [2], [2]])):
        with pytest.raises(UserError, match=r"may be the classes of these names.*astype\(str\)"):
            training_labels(labels, 3, **grades)
    with pytest.raises(UserError, match=r"labels 1, 2 may be .* which makes them 2, 3: save"):
        training_labels(np.array([1, 2, 1]), 3, **grades)
    for labels, right in (
        (np.array(["1", "2", "1"]), [0, 1, 0]),
        (np.eye(3)[[1, 2, 1]], [1, 2, 1]),
        (np.array([1, 0, 1]), [1, 0, 1]),
    ):
        assert training_labels(labels, 3, **grades)[0].tolist() == right
    known = training_labels(np.array([1, 2, 1]), 3, numbered=True, **grades)
    assert known[0].tolist() == [1, 2, 1]
    same = training_labels(np.array([1, 2, 1]), 3, classes=("0", "1", "2"), multi_label=False)
    assert same[0].tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.full((3, 3), 1 / 2), "rows of scores or findings, which are no probabilities"),
        (np.array([[3.0, 1, -2]] * 3), "save labels.argmax(axis=1)"),
        (np.ones((3, 3), int), "save labels.argmax(axis=1)"),
        (np.eye(3, 4), "labels must be numbers [n] of 3 classes, got rows of 4, float64"),
        (np.array([[np.nan, 1, 0]] * 3), "save labels.argmax(axis=1)"),
        (np.array(["cat", "dgo", "eel"]), "unknown class of labels 'dgo' (did you mean 'dog'?)"),
        (np.array([1, 2, 3]), "labels must lie in 0–2, got 1–3"),
        (np.array([1, 2, -3]), "labels must lie in 0–2, got -3–2"),
        (np.array([1j, 2, 3]), "labels is complex128; needs whole numbers or names"),
    ],
)
def test_labels_that_cannot_be_trained_on(labels, message):
    with pytest.raises(UserError) as caught:
        training_labels(labels, 3, classes=CLASSES, multi_label=False)
    assert message in str(caught.value) and "\n" not in str(caught.value)
