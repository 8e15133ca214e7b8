"""The cache of uncompressed arrays: whole or absent, noticed when damaged, made once."""

import logging
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from medjax.data.stream import npz_cache
from medjax.errors import UserError

IMAGES = np.random.default_rng(0).integers(0, 256, (5000, 8, 8)).astype(np.uint8)


@pytest.fixture
def archive(tmp_path):
    np.savez_compressed(tmp_path / "set.npz", train_images=IMAGES, test_images=IMAGES[:9])
    return tmp_path / "set.npz"


@pytest.fixture
def open_cached(archive, tmp_path):
    def open_cached(name="train_images", root=tmp_path / "cache"):
        return npz_cache.open_array(archive, name, digest="abc", root=root)

    return open_cached


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "data" / "abc"


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_array_is_unpacked_once(open_cached, folder, caplog, monkeypatch):
    monkeypatch.setattr(npz_cache, "_PIECE_BYTES", 1000)
    with caplog.at_level(logging.INFO, "medjax"):
        images = open_cached()
    assert isinstance(images, np.memmap) and not images.flags.writeable
    np.testing.assert_array_equal(images, IMAGES)
    assert "unpacking 0.00 GiB into" in caplog.text and "once" in caplog.text
    assert files(folder) == ["train_images", "train_images.lock"]
    assert files(folder / "train_images") == ["record.json", "train_images.npy"]
    inode = (folder / "train_images" / "train_images.npy").stat().st_ino
    np.testing.assert_array_equal(open_cached(), IMAGES)
    assert (folder / "train_images" / "train_images.npy").stat().st_ino == inode
    np.testing.assert_array_equal(open_cached("test_images"), IMAGES[:9])


def truncate(file):
    with open(file, "r+b") as stream:
        stream.truncate(1000)


def overwrite(file):
    with open(file, "r+b") as stream:
        stream.seek(100_000)
        stream.write(bytes(10_000))


DAMAGE = {
    "truncated": truncate,
    "overwritten": overwrite,
    "removed": pathlib.Path.unlink,
    "unfinished": lambda file: file.with_name("record.json").unlink(),
    "no record": lambda file: file.with_name("record.json").write_text("{"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_made_anew(open_cached, folder, damage):
    before = open_cached()
    damage(folder / "train_images" / "train_images.npy")
    np.testing.assert_array_equal(open_cached(), IMAGES)
    del before


def test_what_cannot_be_written_is_one_line(open_cached, tmp_path, monkeypatch):
    def message():
        with pytest.raises(UserError) as caught:
            open_cached()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    few = shutil._ntuple_diskusage(9, 9, 1000)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: few)
        assert "0.00 GiB are needed and 0.00 are free; choose a folder with room" in message()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", full)
        assert "No space left on device; choose a folder with room by data.cache" in message()
    assert files(tmp_path / "cache" / "data" / "abc") == ["train_images.lock"]
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot cache train_images"):
        open_cached(root=tmp_path / "file")


def test_a_damaged_archive_leaves_nothing(open_cached, archive, folder):
    content = bytearray(archive.read_bytes())
    content[5000:5100] = bytes(100)
    archive.write_bytes(content)
    with pytest.raises(UserError, match=r"set.npz is not a readable .npz file"):
        open_cached()
    assert files(folder) == ["train_images.lock"]


MAKER = """
import pathlib, sys, time
from medjax.store import cache
from medjax.data.stream import npz_cache
archive, root, pause = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), float(sys.argv[3])
fingerprint = cache.fingerprint
def slowly(file):
    if file.parent.suffix == ".tmp":
        print("unpacked", flush=True)
        time.sleep(pause)
    return fingerprint(file)
cache.fingerprint = slowly
images = npz_cache.open_array(archive, "train_images", digest="abc", root=root)
print(int(images.astype("i8").sum()), flush=True)
"""


@pytest.fixture
def maker(archive, tmp_path):
    """``maker(pause)`` starts a process that makes the cache and waits before it is done."""
    made = []

    def start(pause):
        command = [sys.executable, "-c", MAKER, archive, tmp_path / "cache", str(pause)]
        made.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return made[-1]

    yield start
    for process in made:
        process.kill()
        process.communicate()


def test_a_killed_maker_leaves_no_trace_in_the_result(maker, open_cached, folder):
    process = maker(60)
    assert process.stdout.readline() == "unpacked\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert files(folder) == ["train_images.lock", "train_images.tmp"]
    np.testing.assert_array_equal(open_cached(), IMAGES)
    assert files(folder) == ["train_images", "train_images.lock"]


def test_of_two_makers_one_waits(maker, folder):
    first = maker(2)
    assert first.stdout.readline() == "unpacked\n"
    second = maker(0)
    time.sleep(0.1)
    total = f"{int(IMAGES.astype(int).sum())}\n"
    assert first.communicate(timeout=60)[0] == second.communicate(timeout=60)[0] == total
    assert files(folder) == ["train_images", "train_images.lock"]
