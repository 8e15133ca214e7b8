"""Arrays of labels: values, names and rows."""

import numpy as np
import pytest

from medjax.data.npz.labels import flatten, read_classes, read_numbers, read_rows
from medjax.errors import UserError


def said(read, *arguments, **options):
    with pytest.raises(UserError) as caught:
        read(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("labels", "classes", "numbers"),
    [
        (np.array([0, 1, 2, 0]), ("0", "1", "2"), [0, 1, 2, 0]),
        (np.array([1, 2, 2, 1], np.uint8), ("1", "2"), [0, 1, 1, 0]),
        (np.array([10, 2, 30, 2], np.int16), ("2", "10", "30"), [1, 0, 2, 0]),
        (np.array([-1, 1, 1, -1], np.int8), ("-1", "1"), [0, 1, 1, 0]),
        (np.array([2**40, 7], ">i8"), ("7", str(2**40)), [1, 0]),
        (np.array([5, 2**64 - 1], np.uint64), ("5", str(2**64 - 1)), [0, 1]),
        (np.array([1.0, 0.0, 2.0], np.float16), ("0", "1", "2"), [1, 0, 2]),
        (np.array([10.0, 2.0, 1e30], ">f8"), ("2", "10", str(int(1e30))), [1, 0, 2]),
        (np.array([True, False]), ("0", "1"), [1, 0]),
        (np.array(["malignant", "benign"]), ("benign", "malignant"), [1, 0]),
        (np.array([b"malignant", b"benign"]), ("benign", "malignant"), [1, 0]),
        (np.array([b"gut", "böse".encode()]), ("böse", "gut"), [1, 0]),
        (np.array([" a", "b ", "a"]), ("a", "b"), [0, 1, 0]),
        (np.array(["o\u0308l", "\u00f6l", "x"]), ("x", "\u00f6l"), [1, 1, 0]),
        (np.array(["10", "2", "1"]), ("1", "2", "10"), [2, 1, 0]),
        (np.array(["10.0", "2.0", "2", "-1"]), ("-1", "2", "10"), [2, 1, 1, 0]),
        (np.array([b"10", b"9"]), ("9", "10"), [1, 0]),
        (np.array(["10", "9", "none"]), ("10", "9", "none"), [0, 1, 2]),
    ],
)
def test_classes(labels, classes, numbers):
    read, names = read_classes("a.npz", {"train": labels, "test": labels[:1]})
    assert names == classes and read["train"].dtype == np.int32
    assert read["train"].tolist() == numbers and read["test"].tolist() == numbers[:1]


def test_contiguous_labels_stay_as_they_are():
    labels = np.random.default_rng(0).integers(0, 12, 300)
    numbers, names = read_classes("a.npz", {"train": labels})
    np.testing.assert_array_equal(numbers["train"], labels)
    assert names == tuple(map(str, range(12)))


def test_splits_may_write_the_same_class_in_two_ways():
    arrays = {"train": np.array([1, 2]), "val": np.array(["2", "1.0"]), "test": np.array([2.0])}
    numbers, names = read_classes("a.npz", arrays)
    assert names == ("1", "2")
    assert [numbers[split].tolist() for split in arrays] == [[0, 1], [1, 0], [1]]


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ([1, 2], [3], "a.npz: test_labels holds 3; train_labels holds only 1, 2"),
        ([0, 2], [1], "a.npz: test_labels holds 1; train_labels holds only 0, 2"),
        (["a", "b"], ["c"], "a.npz: test_labels holds c; train_labels holds only a, b"),
        (range(20), [20], "holds only 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 10 more"),
        ([4, 4], [4], "a.npz: train_labels holds only class 4; needs two classes or more"),
        ([0.5, 1], [1], "a.npz: train_labels holds 0.5; needs whole numbers or names"),
        ([np.nan, 1], [1], "train_labels holds nan; needs whole numbers or names"),
        ([np.inf, 1], [1], "train_labels holds inf; needs whole numbers or names"),
        ([0, 1, -1], [1], "train_labels holds the negative label -1 beside 0"),
        ([0, 1.0, -1], [1], "train_labels holds the negative label -1 beside 0"),
        (["a", " "], ["a"], "train_labels holds an empty name"),
        ([b"\xff", b"a"], [b"a"], "train_labels holds bytes that are not UTF-8"),
        ([1j, 2], [1], "train_labels is complex128; needs whole numbers or names"),
        ([("a", 1)], [1], "train_labels is [('x'"),
    ],
)
def test_labels_that_are_no_classes(train, test, message):
    structured = np.dtype([("x", "U1"), ("y", "i4")]) if train == [("a", 1)] else None
    arrays = {"train": np.array([*train], structured), "test": np.array(test)}
    assert message in said(read_classes, "a.npz", arrays)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.float16, np.float64])
def test_rows_of_findings(dtype):
    rows = np.array([[0, 1], [1, 1]], dtype)
    read = read_rows("labels", rows)
    assert read.dtype == np.int32 and read.tolist() == [[0, 1], [1, 1]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0, -1], [1, 1]], "labels holds -1, which looks like an uncertain or unknown finding"),
        ([[0.0, -1.0], [1, np.nan]], "labels holds -1, which looks like"),
        ([[0, np.nan], [1, np.nan]], "labels holds NaN (2 times), which looks like"),
        ([[0, -1], [1, 1]], "save one of them in its place, as in np.where(labels == 1, 1, 0)"),
        ([[0, 2], [1, 1]], "labels holds 2; choose labels in 0–1"),
        ([[0.1, 0.9], [1, 0]], "labels holds 0.1; choose labels in 0–1"),
        ([[0.1, 0.9], [1, 0]], "labels.argmax(axis=1)"),
        ([["a", "b"]], "labels is <U1; label rows hold 0 or 1"),
    ],
)
def test_rows_that_are_not(rows, message):
    assert message in said(read_rows, "labels", np.array(rows))


def test_labels_of_known_classes():
    assert read_numbers("labels", np.array([True, False]), classes=["a", "b"]).tolist() == [1, 0]
    for labels, message in (
        ([0, 2], "labels holds 2; choose labels in 0–1"),
        ([0, -1], "labels holds -1; choose labels in 0–1"),
        ([0.0, 1.0], "labels is float64; needs integers"),
        (["a", "b"], "labels is <U1; needs integers"),
    ):
        assert said(read_numbers, "labels", np.array(labels), classes=["a", "b"]) == message


def test_shapes():
    assert flatten("labels", np.zeros((3, 2))).shape == (3, 2)
    for shape in ((), (3, 0), (3, 1, 1)):
        assert "needs (n,), (n, 1) or (n, L)" in said(flatten, "labels", np.zeros(shape))
