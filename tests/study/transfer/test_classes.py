"""Common classes: pairs by name, several classes as one, and what is dropped with a warning."""

import dataclasses
import warnings

import numpy as np
import pytest

from medjax import data
from medjax.data.dataset import make_dataset
from medjax.errors import UserError
from medjax.study.transfer.classes import match_classes, restricted

LUNGS = ["bacterial", "normal", "viral", "other"]


@pytest.fixture(scope="module")
def dataset():
    labels = (np.arange(24) % 4).astype(np.int32)
    images = np.arange(24, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 3, 1), np.uint8)
    splits = {name: data.Split(images, labels) for name in ("train", "val", "test")}
    info = data.DatasetInfo("lungs", "multi-class", tuple(LUNGS), "unknown", "x", "1f", None, "")
    names = {"train": [f"{i}.png" for i in range(24)]}
    info = dataclasses.replace(info, files=names, patients={"train": list(range(24))})
    return make_dataset(info, splits)


def test_several_classes_may_be_one():
    pairs = {"bacterial": "Pneumonia", "viral": "pneumonia", "NORMAL": "normal"}
    with pytest.warns(UserWarning, match="classes of the source without a partner .*: other"):
        matched = match_classes(LUNGS, ["normal", "PNEUMONIA"], pairs)
    assert matched.names == ("normal", "PNEUMONIA")
    assert matched.source.tolist() == [1, 0, 1, -1] and matched.target.tolist() == [0, 1]


def test_without_pairs_equal_names_are_partners():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        matched = match_classes(["a", "B", "c"], ["b", "x", "A"], {})
    assert matched.names == ("b", "A")
    assert matched.source.tolist() == [1, 0, -1] and matched.target.tolist() == [0, -1, 1]
    said = [str(warning.message) for warning in caught]
    assert [line.rpartition(": ")[2] for line in said] == ["c", "x"]


def test_classes_that_differ_in_case_alone_are_two():
    matched = match_classes(["a", "A"], ["A", "a"], {})
    assert matched.source.tolist() == [1, 0]
    with pytest.raises(UserError, match="unknown class of the source 'Ä'"):
        match_classes(["ä", "ä", "b"], ["x", "y"], {"Ä": "x", "b": "y"})


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ({"normal": "normal"}, "common classes of the sets: 1, and two are needed"),
        ({}, "common classes of the sets: 1"),
        ({"norml": "normal"}, r"unknown class of the source 'norml' \(did you mean 'normal'\?\)"),
        ({"normal": "norm"}, r"unknown class of the target 'norm' \(did you mean 'normal'\?\)"),
    ],
)
def test_what_does_not_match(pairs, said):
    with pytest.raises(UserError, match=said):
        match_classes(LUNGS, ["normal", "pneumonia"], pairs)


def test_a_restricted_set_keeps_what_belongs_together(dataset):
    found = restricted(dataset, np.array([1, 0, 1, -1]), ["normal", "pneumonia"])
    kept = np.flatnonzero(dataset.train.labels != 3)
    for split, before in zip(found.splits.values(), dataset.splits.values(), strict=True):
        np.testing.assert_array_equal(split.images, before.images[kept])
        np.testing.assert_array_equal(split.labels, np.array([1, 0, 1])[before.labels[kept]])
        assert split.labels.dtype == np.int32
    assert found.info.classes == ("normal", "pneumonia") and found.info.task == "binary-class"
    assert found.info.files["train"] == [f"{row}.png" for row in kept]
    assert list(found.info.patients["train"]) == kept.tolist()
    assert found.info.digest != dataset.info.digest
    np.testing.assert_array_equal(found.mean, data.channel_stats(found.train.images)[0])
    assert found.mean != dataset.mean


def test_given_moments_stay(dataset):
    fixed = dataclasses.replace(
        dataset, preparation=data.parse_preparation("normalize(fixed, mean=0.5, std=0.25)")
    )
    assert restricted(fixed, np.array([1, 0, 1, -1]), ["a", "b"]).mean == dataset.mean


def test_a_class_without_training_images_is_refused(dataset):
    few = dataclasses.replace(
        dataset, train=data.Split(dataset.train.images[:1], dataset.train.labels[:1])
    )
    with pytest.raises(UserError, match="lungs has no training image of normal"):
        restricted(few, np.array([1, 0, -1, -1]), ["normal", "pneumonia"])
