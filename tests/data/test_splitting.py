"""Cuts into splits: shares, classes, patients, seeds."""

import numpy as np
import pytest

from medjax.data.splitting import split, split_named
from medjax.errors import UserError


def _count(labels, splits, name):
    return np.bincount(np.asarray(labels)[np.asarray(splits) == name], minlength=max(labels) + 1)


def test_every_class_is_shared_out_evenly():
    labels = [0] * 100 + [1] * 10 + [2] * 37
    splits = split(labels, range(len(labels)), val=0.1, test=0.2, seed=0)
    for name, share in (("train", 0.7), ("val", 0.1), ("test", 0.2)):
        np.testing.assert_allclose(
            _count(labels, splits, name), np.array([100, 10, 37]) * share, atol=1
        )


def test_no_patient_is_in_two_splits():
    rng = np.random.default_rng(0)
    patients = rng.integers(0, 60, 500)
    labels = (patients % 3 + (rng.random(500) < 0.2)) % 3
    splits = np.array(split(labels, patients, val=0.15, test=0.25, seed=1))
    for patient in range(60):
        assert len(set(splits[patients == patient])) == 1
    for name, share in (("train", 0.6), ("val", 0.15), ("test", 0.25)):
        np.testing.assert_allclose(
            _count(labels, splits, name), np.bincount(labels) * share, atol=0.06 * 500 / 3
        )


def test_every_finding_is_shared_out_evenly_by_patient():
    rng = np.random.default_rng(0)
    patients = rng.integers(0, 300, 600)
    ill = rng.random((300, 4)) < [0.02, 0.1, 0.3, 0.6]
    rows = (ill[patients] & (rng.random((600, 4)) < 0.9)).astype(int)
    rows[rng.random((600, 4)) < 0.1] = -1
    splits = np.array(split(rows.tolist(), patients, val=0.1, test=0.2, seed=0))
    assert all(len(set(splits[patients == patient])) == 1 for patient in set(patients))
    shown = np.column_stack([rows == 1, ~(rows == 1).any(axis=1), np.ones(600, bool)])
    for name, share in (("train", 0.7), ("val", 0.1), ("test", 0.2)):
        wanted = share * shown.sum(axis=0)
        np.testing.assert_allclose(shown[splits == name].sum(axis=0), wanted, atol=3, rtol=0.05)


def test_rows_of_one_finding_each_are_cut_like_classes():
    labels = np.random.default_rng(0).integers(0, 4, 90)
    rows = np.eye(4, dtype=int)[labels][:, :3]  # the last class shows nothing
    options = {"val": 0.1, "test": 0.2, "seed": 0}
    assert split(rows, range(90), **options) == split(labels, range(90), **options)


def test_seed_and_names_decide_and_order_does_not():
    names = [f"{i:03}.png" for i in range(40)]
    labels = [i % 2 for i in range(40)]
    first = dict(zip(names, split(labels, names, val=0.1, test=0.2, seed=3), strict=True))
    turned = split(labels[::-1], names[::-1], val=0.1, test=0.2, seed=3)
    assert first == dict(zip(names[::-1], turned, strict=True))
    assert list(first.values()) != split(labels, names, val=0.1, test=0.2, seed=4)


def test_no_val_is_no_val():
    assert set(split([0, 1] * 10, range(20), val=0, test=0.3, seed=0)) == {"train", "test"}


def test_shares_that_cannot_be(tmp_path):
    for val, test in ((0.5, 0.5), (-0.1, 0.2), (0.1, 0), (float("nan"), 0.2)):
        with pytest.raises(UserError, match="must be shares"):
            split([0, 1], "ab", val=val, test=test, seed=0)
    with pytest.raises(UserError, match="images or patients: 2, too few"):
        split([0, 1, 0], ["x", "x", "y"], val=0.1, test=0.2, seed=0)
    with pytest.raises(UserError, match="the seed of a cut must be at least 0, got -1"):
        split([0, 1, 0, 1], "abcd", val=0.1, test=0.2, seed=-1)


@pytest.mark.parametrize(
    "word, name",
    [
        *[("train", "train"), (" Training ", "train"), ("TRAINING_SET", "train")],
        *[("val", "val"), ("Valid", "val"), ("validation", "val"), ("dev", "val")],
        *[("test", "test"), ("Testing", "test"), ("test set", "test")],
        *[("", None), ("3", None), ("tests", None), ("trainer", None), ("holdout", None)],
    ],
)
def test_words_that_name_a_split(word, name):
    assert split_named(word) == name


# The second letters of the splits of a fixed set, so that a set that was cut before is cut alike.
CLASSES_CUT = (
    "aaarrreerrrrrrrrerarrrrrrerrrrrrrrrrrrrrrreerrarrrererrrrarrerrerrerearrrarrrerereerrraera"
)
FINDINGS_CUT = (
    "eeraraererrereerrerrerrerrrerrearrrerrrererrrrerrrrerrerrerrrrreerrerrrraarrrararrrrrarrrr"
)


def test_a_seed_cuts_a_set_as_it_always_did():
    rng = np.random.default_rng(7)
    for findings, cut in ((False, CLASSES_CUT), (True, FINDINGS_CUT)):
        patients = rng.integers(0, 40, 90)
        rows = (rng.random((90, 11)) < 0.2).astype(int) if findings else rng.integers(0, 4, 90)
        found = split(rows, patients, val=0.1, test=0.2, seed=5)
        assert "".join(name[1] for name in found) == cut
