"""Pictures by class and their table."""

import csv
import io

import numpy as np
import pytest

from medjax.share import read_set
from medjax.share.bundle import imagefolder

IMAGES = np.random.default_rng(0).random((4, 6, 5, 1))


def rows_of(files):
    return list(csv.DictReader(io.StringIO(files["metadata.csv"].decode())))


def test_medjax_reads_the_folder(tmp_path):
    names = ["b", "a, or nearly", "c"]
    files = imagefolder.entries(IMAGES, np.array([2, 0, 1, 0]), classes=names, multi_label=False)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = read_set(tmp_path, classes=names)
    order = [2, 1, 3, 0]  # of the folders: a, b, c
    np.testing.assert_allclose(found.images, IMAGES[order], atol=0.51 / 255)
    assert found.labels.tolist() == [1, 0, 0, 2]
    assert [row["class"] for row in rows_of(files)] == ["c", "b", "a, or nearly", "b"]
    assert [row["label"] for row in rows_of(files)] == ["2", "0", "1", "0"]


@pytest.mark.parametrize(
    "names",
    [
        ["left/right", "b"],
        ["CON", "b"],
        ["..", "b"],
        ["Mass", "mass"],
        ["a:b", "c"],
        ["é".encode().decode("latin1") + "\x01", "b"],
        ["x" * 300, "b"],
        ["-rf", "b"],
        ["metadata.csv", "b"],
    ],
)
def test_names_that_are_no_folders_become_numbers(names):
    assert imagefolder.folder_names(names) == ["0", "1"]


def test_rows_of_findings():
    labels = np.float32([[1, 0.25], [0, 0], [0, 1], [1, 1]])
    files = imagefolder.entries(IMAGES, labels, classes=["mass", "a, b"], multi_label=True)
    assert [name for name in files][:2] == ["images/0000.png", "images/0001.png"]
    found = [[float(row["label: mass"]), float(row["label: a, b"])] for row in rows_of(files)]
    assert found == labels.tolist() and "label" not in rows_of(files)[0]


def test_rows_of_probabilities():
    labels = np.float32([[0.1, 0.9], [1, 0], [0.6, 0.4], [1 / 3, 2 / 3]])
    rows = rows_of(imagefolder.entries(IMAGES, labels, classes=["a", "b"], multi_label=False))
    assert [row["file_name"] for row in rows] == [
        "b/0000.png",
        *(f"a/000{n}.png" for n in (0, 1)),
        "b/0001.png",
    ]
    found = np.float32([[row["label: a"], row["label: b"]] for row in rows])
    np.testing.assert_array_equal(found, labels)


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+", "-", "@SUM(A1)"])
def test_a_spreadsheet_computes_no_name(name):
    assert imagefolder.folder_names([name, "b"]) == ["0", "1"]
    labels = np.array([0, 1, 0, 1])
    files = imagefolder.entries(IMAGES, labels, classes=[name, "b"], multi_label=False)
    assert [row["class"] for row in rows_of(files)] == [f"'{name}", "b", f"'{name}", "b"]
