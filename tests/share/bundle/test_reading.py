"""Bundles as a receiver reads them."""

import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from medjax import share
from medjax.errors import UserError
from medjax.share import archive
from medjax.types import SyntheticSet


@pytest.fixture
def bundle(site, tmp_path):
    share.pack(site(), tmp_path / "a.zip")
    return tmp_path / "a.zip"


def test_a_bundle_its_folder_and_its_npz_are_one_set(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as file:
        file.extractall(tmp_path / "a")
    wanted = share.load_synthetic(tmp_path / "a" / "synthetic.npz").normalised()
    for path in (bundle, tmp_path / "a", tmp_path / "a" / "synthetic.npz"):
        found = share.load(path)
        assert isinstance(found, SyntheticSet) and found.images.dtype == np.float32
        np.testing.assert_array_equal(found.images, wanted.images)
        assert found.labels.tolist() == [0, 0, 1, 1]


def test_what_is_no_file_is_no_bundle_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert not share.is_bundle(tmp_path / "pipe")
    assert not share.is_bundle("/dev/zero")


def test_a_directory_without_end_is_not_read(tmp_path):
    """It is larger than that of any bundle, and refused as one."""
    record = struct.pack("<4s6H3L5H2L", b"PK\1\2", *[20] * 6, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0)
    directory = (record + b"x" * 200) * 60_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 60_000, 60_000, len(directory), 0, 0)
    (tmp_path / "a.zip").write_bytes(directory + end)
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=r"a\.zip is not a whole bundle: its directory of"):
            share.load(tmp_path / "a.zip")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_long_card_makes_no_long_line(bundle):
    card = {"format": "x" * 10**6}
    changed(bundle, card=lambda _: json.dumps(card).encode())
    with pytest.raises(UserError) as error:
        share.load(bundle)
    assert len(str(error.value)) < 1000


def changed(bundle, **entries):
    """Writes the bundle anew, with other entries: as somebody would who can make a bundle."""
    made = archive.read(bundle)
    for name, change in entries.items():
        name = {"card": "card.json", "npz": "synthetic.npz"}[name]
        made[name] = change(made[name])
        if not made[name]:
            del made[name]
    archive.write(bundle, made)
    return bundle


def card_with(*place, value):
    def change(content):
        card = json.loads(content)
        inner = card
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = value
        return json.dumps(card).encode()

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (card_with("images", "count", value=5), "says 5 for count, but its images have 4"),
        (card_with("images", "mean", value=[0.5]), "for mean, but its images have"),
        (card_with("data", "classes", value=["one"]), "go from 0 to 1, but it has 1 classes"),
        (card_with("data", "preparation", value="rgb"), "different preparations"),
        (card_with("format", value="medjax bundle 9"), "is not valid: format"),
        (lambda _: b"", "has no card.json"),
    ],
)
def test_a_card_that_is_not_of_the_images(bundle, change, message):
    with pytest.raises(UserError, match=message):
        share.load(changed(bundle, card=change))


def test_other_files(bundle, tmp_path):
    with pytest.raises(UserError, match=r"has no synthetic\.npz"):
        share.load(changed(bundle, npz=lambda _: b""))
    (tmp_path / "b.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"not a readable \.npz file"):
        share.load(tmp_path / "b.zip")
    with pytest.raises(UserError, match=r"has no card\.json and no synthetic\.npz"):
        share.load(tmp_path)


def test_an_unpacked_bundle_is_checked_too(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as file:
        file.extractall(tmp_path / "a")
    card = (tmp_path / "a" / "card.json").read_text()
    (tmp_path / "a" / "card.json").write_text(card.replace('"format"', '"format": "", "format"'))
    with pytest.raises(
        UserError, match=r"is not a bundle of medjax: card\.json: it has a key twice"
    ):
        share.load(tmp_path / "a")


def test_a_damaged_bundle_is_refused(bundle):
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    with pytest.raises(UserError, match="not a whole bundle"):
        share.load(bundle)
