"""One pass over images finds what single images tell, from memory or from disk."""

import dataclasses

import numpy as np
import pytest

from medjax.data import DatasetInfo, Split, check
from medjax.data.inspect import scanning
from medjax.data.inspect.duplicates import digests

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_pieces_and_maps_change_nothing(rows, tmp_path, monkeypatch):
    images = RNG.integers(0, 256, (10, 6, 6, 1), np.uint8)
    images[4] = 3
    whole = scanning.scan(images)
    monkeypatch.setattr(scanning, "_CHUNK_BYTES", rows * images[0].nbytes)
    np.save(tmp_path / "images.npy", images)
    found = scanning.scan(np.load(tmp_path / "images.npy", mmap_mode="r"))
    for one, other in zip(whole, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert found.blank.tolist() == [row == 4 for row in range(10)]
    np.testing.assert_array_equal(found.digests, digests(list(images)))


def test_memory_is_bounded(monkeypatch):
    largest, measured = [], scanning.measure_pictures
    monkeypatch.setattr(scanning, "_CHUNK_BYTES", 1000)

    def measure(images):
        largest.append(images.nbytes)
        return measured(images)

    monkeypatch.setattr(scanning, "measure_pictures", measure)
    assert len(scanning.scan(RNG.integers(0, 256, (50, 10, 10, 3), np.uint8)).digests) == 50
    assert max(largest) <= 1000


def test_images_of_any_size_and_depth():
    images = [np.full((4, 5), 7, np.uint16), RNG.normal(size=(3, 3, 3)), np.ones((4, 5, 1))]
    found = scanning.scan(images)
    assert found.blank.tolist() == [True, False, True] and found.made is None
    assert len(set(found.digests.tolist())) == 3


def test_facts_that_are_known_are_not_measured_again(monkeypatch):
    images = RNG.integers(0, 256, (5, 6, 6, 1), np.uint8)
    images[4] = 3
    whole = scanning.scan(images)
    monkeypatch.setattr(scanning, "measure_pictures", lambda _: pytest.fail("measured"))
    found = scanning.scan(images, measured=False)
    assert found.made is None
    np.testing.assert_array_equal(found.blank, whole.blank)
    np.testing.assert_array_equal(found.digests, whole.digests)
    made = dict.fromkeys(("train", "test"), whole.made)
    info = DatasetInfo("x", "binary-class", ("a", "b"), "unknown", "x", "0", None, "none")
    splits = dict.fromkeys(made, Split(images, np.arange(5) % 2))
    assert len(check(dataclasses.replace(info, made=made), splits)["blank"]) == 2
