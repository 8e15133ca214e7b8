"""Halves of a training set: copies, patients and classes."""

import dataclasses

import numpy as np

from medjax import data
from medjax.privacy.case.halves import half, pool


def dataset(images, labels, patients=None):
    split = data.Split(images, labels)
    found = data.load("phantom")
    info = dataclasses.replace(found.info, patients={"train": patients} if patients else {})
    return dataclasses.replace(found, info=info, train=split)


def pictures(count):
    return np.random.default_rng(0).integers(0, 256, (count, 16, 16, 1), np.uint8)


def test_only_the_first_of_copies_stays():
    images = pictures(6)
    images[4] = images[1]
    exact = pool(dataset(images, np.arange(6) % 2), near=8)
    assert exact.rows.tolist() == [0, 1, 2, 3, 5] and (exact.exact, exact.near) == (1, 0)
    images[5] = images[2] // 2  # a darker copy
    near = pool(dataset(images, np.arange(6) % 2), near=8)
    assert near.rows.tolist() == [0, 1, 2, 3] and (near.exact, near.near) == (1, 1)
    assert near.units.tolist() == [0, 1, 2, 3] and not near.by_patient


def test_a_patient_is_in_one_half():
    patients = [7, 7, 3, 3, 3, 1, 2, 4]
    found = pool(dataset(pictures(8), np.zeros(8, int), patients), near=0)
    assert found.by_patient and found.units.tolist() == patients
    for number in range(20):
        inside = half(0, number, np.zeros(8, int), found.units)
        assert len(set(inside[:2])) == len(set(inside[2:5])) == 1
        assert len(np.unique(found.units[inside])) in (2, 3)


def test_each_class_is_halved_and_every_image_is_in_as_often_as_out():
    labels, units = np.repeat([0, 1, 2], [4, 10, 7]), np.arange(21)
    drawn = np.stack([half(5, number, labels, units) for number in range(400)])
    assert (drawn[:, labels == 0].sum(axis=1) == 2).all()
    assert (drawn[:, labels == 1].sum(axis=1) == 5).all()
    assert set(drawn[:, labels == 2].sum(axis=1)) == {3, 4}
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 0.1
    assert (half(5, 3, labels, units) == drawn[3]).all()
    assert (half(6, 3, labels, units) != drawn[3]).any()


def test_rows_of_findings_are_halved_by_row():
    labels = np.array([[0, 0], [0, 0], [1, 0], [1, 0], [1, 1], [1, 1]])
    inside = half(0, 0, labels, np.arange(6))
    assert inside.reshape(3, 2).sum(axis=1).tolist() == [1, 1, 1]
