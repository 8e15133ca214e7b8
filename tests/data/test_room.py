"""Images that are too large are refused in one line before any is made."""

import collections
import re

import numpy as np
import pytest
from PIL import Image

from medjax import data, planning
from medjax.data import room
from medjax.data.pictures import conversion
from medjax.errors import UserError

GIB = 2**30


@pytest.fixture
def machine(monkeypatch):
    """``machine(memory, disk)`` lets the machine have so many bytes free."""
    usage = collections.namedtuple("usage", "free")

    def has(memory, disk):
        monkeypatch.setattr(planning, "available_memory", lambda: memory)
        monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: usage(disk))

    return has


def test_what_fits_exactly(machine, tmp_path):
    machine(memory=800, disk=200)
    room.check_disk(2, (10, 10, 1), tmp_path)
    room.check_memory(4, (10, 10, 1), floats=1)
    with pytest.raises(UserError, match="201 images"):
        room.check_disk(201, (1, 1, 1), tmp_path)
    with pytest.raises(UserError, match="5 images of 10×10×1 take"):
        room.check_memory(5, (10, 10, 1), floats=1)


@pytest.fixture
def folder(tmp_path):
    for number in range(24):
        path = tmp_path / "set" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(path)
    return f"folder:{tmp_path / 'set'}"


@pytest.mark.parametrize(
    ("memory", "disk", "line"),
    [
        (
            10**6 * GIB,
            60 * GIB,
            r"24 images of 100000×100000×1 take 224 GiB in the cache, and its "
            r"disk has 60 GiB free: choose a smaller data\.size or resize, or another folder with ",
        ),
        (
            20 * GIB,
            10**6 * GIB,
            r"2 images of 100000×100000×1 take 93.1 GiB of memory at once, and "
            r"20 GiB are available: choose a smaller data\.size",
        ),
        (100 * GIB, 10**6 * GIB, r"24 images of 100000×100000×1 take 224 GiB of memory at once"),
    ],
)
def test_pictures_are_refused_before_any_is_made(memory, disk, line, folder, machine, monkeypatch):
    monkeypatch.setattr(conversion, "convert", None)
    machine(memory, disk)
    sources = data.Sources(convert=data.ConvertOptions(threads=2))
    with pytest.raises(UserError, match=f"^{line}") as caught:
        data.load(folder, size=100_000, sources=sources)
    assert not re.search("\n", str(caught.value))


def test_a_step_that_resizes_counts(folder, machine, monkeypatch):
    monkeypatch.setattr(conversion, "convert", None)
    machine(20 * GIB, 10**6 * GIB)
    steps = data.parse_preparation("rgb|resize(100000)")
    with pytest.raises(UserError, match="images of 100000×100000×3 take"):
        data.load(folder, size=16, preparation=steps)


def test_a_set_that_stays_on_disk_needs_no_memory_for_all(folder, machine):
    machine(24 * 64 - 1, GIB)
    sources = data.Sources(convert=data.ConvertOptions(threads=1))
    with pytest.raises(UserError, match="24 images of 8×8×1"):
        data.load(folder, size=8, sources=sources)
    streaming = data.Streaming(above=0)
    assert len(data.load(folder, size=8, sources=sources, streaming=streaming).splits) == 3


def test_steps_on_an_archive_that_make_it_too_large(machine, tmp_path):
    images = np.zeros((12, 8, 8), np.uint8)
    arrays = {f"{x}_images": images for x in ("train", "test")}
    labels = np.arange(12) % 2
    np.savez(tmp_path / "a.npz", **arrays, train_labels=labels, test_labels=labels)
    machine(20 * GIB, 0)
    with pytest.raises(UserError, match=r"^24 images of 100000×100000×1 take 224 GiB of memory"):
        data.load(tmp_path / "a.npz", preparation=data.parse_preparation("resize(100000)"))
