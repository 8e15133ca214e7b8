"""The dataclasses: frozen, and measured on the training split alone."""

import dataclasses

import numpy as np
import pytest

from medjax.data.dataset import DatasetInfo, Split, make_dataset

INFO = DatasetInfo("toy", "binary-class", ("a", "b"), "CC0", "here", "0" * 32, None, "crop")


def _split(value, count=2):
    return Split(np.full((count, 2, 2, 1), value, np.uint8), np.arange(count, dtype=np.int32) % 2)


def test_statistics_come_from_train_alone():
    train = Split(np.array([0, 255], np.uint8).reshape(2, 1, 1, 1), np.array([0, 1], np.int32))
    ds = make_dataset(INFO, {"train": train, "val": _split(255), "test": _split(255)})
    assert ds.mean.tolist() == [0.5] and ds.std.tolist() == [0.5]
    assert ds.mean.dtype == ds.std.dtype == np.float32
    assert ds.num_classes == 2


def test_names_are_printable():
    name = "l\udce9sion\n"
    info = dataclasses.replace(INFO, classes=("a", name), name=name, source=name)
    info = dataclasses.replace(info, skipped=((f"a/{name}", "is cut short"),))
    info = dataclasses.replace(info, warnings=(f"{name} is blank",))
    shown = r"l\xe9sion\n"
    assert info.classes == ("a", shown) and info.name == info.source == shown
    assert info.skipped == ((f"a/{shown}", "is cut short"),)
    assert info.warnings == (f"{shown} is blank",)


def test_val_may_be_missing():
    ds = make_dataset(INFO, {"train": _split(1, 4), "test": _split(2, 3)})
    assert ds.val is None
    assert (len(ds.train), len(ds.test)) == (4, 3)


def test_frozen():
    ds = make_dataset(INFO, {"train": _split(1), "test": _split(2)})
    for thing, field in ((ds, "mean"), (ds.info, "task"), (ds.train, "images")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, field, None)
