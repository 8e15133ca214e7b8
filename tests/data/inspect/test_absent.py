"""Classes without an image are found, whatever the labels look like."""

import numpy as np

from medjax.data import Split, absent_classes

CLASSES = ("a", "b", "c")


def splits(**labels):
    images = np.zeros((1, 2, 2, 1), np.uint8)
    return {name: Split(images, np.array(x)) for name, x in labels.items()}


def test_classes_and_findings():
    assert absent_classes(splits(val=[0, 1, 2], test=[2, 0]), CLASSES) == {"test": ["b"]}
    assert absent_classes(splits(val=[0], test=[0, 1]), CLASSES) == {
        "val": ["b", "c"],
        "test": ["c"],
    }
    rows = splits(val=[[1, 1, 0], [0, 0, 1]], test=[[0, 0, 0], [0, 1, -1]])
    assert absent_classes(rows, CLASSES) == {"test": ["a", "c"]}
