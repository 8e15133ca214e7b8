"""The file of experts: known to be complete or not, and shared by runs with the same settings."""

import builtins
import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from medjax import store
from medjax.errors import UserError
from medjax.run.expert_file import open_experts

KNOBS = {"experts": 5, "snapshots": 3, "size": 4}
FIRST, SECOND = range(0, 3), range(3, 5)


def vectors(experts, snapshot):
    rows = 100 * np.arange(experts.start, experts.stop)[:, None] + 10 * snapshot + np.arange(4)
    return rows.astype(np.float32)


def open_file(root, **settings):
    return open_experts(root, settings, **KNOBS)


@pytest.fixture
def folder(tmp_path):
    """A folder with all snapshots of the first group and one of the second."""
    with open_file(tmp_path, seed=0) as file:
        for experts, count in ((FIRST, 3), (SECOND, 1)):
            for snapshot in range(count):
                file.write(experts, snapshot, vectors(experts, snapshot))
    (folder,) = tmp_path.iterdir()
    return folder


def test_rows_are_in_the_order_of_experts(folder):
    with open_file(folder.parent, seed=0) as file:
        assert (len(file), file.snapshots) == (5, 3)
        assert file.whole(FIRST) == 3 and file.whole(SECOND) == 1
        np.testing.assert_array_equal(file.read(FIRST, 2), vectors(FIRST, 2))
        rows = file.rows()
    assert isinstance(rows, np.memmap) and not rows.flags.writeable
    assert rows.shape == (15, 4) and rows.dtype == np.float32
    np.testing.assert_array_equal(rows[:6, 0], [0, 10, 20, 100, 110, 120])
    np.testing.assert_array_equal(rows[9:12, 0], [300, 0, 0])


def test_other_settings_have_another_file(folder):
    with open_file(folder.parent, seed=1) as file:
        assert file.whole(FIRST) == 0
    assert len(list(folder.parent.iterdir())) == 2
    assert json.loads((folder / "settings.json").read_text()) == {"seed": 0}


@pytest.mark.parametrize("place", ["experts_5x3.npy", "experts_5x3.json"])
def test_damage_is_noticed(folder, place, caplog):
    path = folder / place
    if place.endswith(".json"):
        path.write_bytes(path.read_bytes()[:20])
        left = (0, 0)
    else:
        rows = np.load(path, mmap_mode="r+")
        rows[4, 0] += 1  # of expert 1, snapshot 1
        rows.flush()
        left = (1, 1)
    with open_file(folder.parent, seed=0) as file:
        assert (file.whole(FIRST), file.whole(SECOND)) == left
        file.write(FIRST, 1, vectors(FIRST, 1))
    assert place.endswith(".json") or "snapshot 1" in caplog.text


@pytest.mark.parametrize("length", [0, 60, 200])
def test_a_truncated_file_is_replaced(folder, length):
    os.truncate(folder / "experts_5x3.npy", length)
    with open_file(folder.parent, seed=0) as file:
        assert file.whole(FIRST) == 0
        file.write(FIRST, 0, vectors(FIRST, 0))
        assert file.whole(FIRST) == 1


def test_a_passing_error_deletes_nothing(folder, monkeypatch):
    def fails(*_, **__):
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(np, "load", fails)
        with (
            pytest.raises(UserError, match="Too many open files"),
            open_file(folder.parent, seed=0),
        ):
            pass
    with open_file(folder.parent, seed=0) as file:
        assert file.whole(FIRST) == 3


def test_a_snapshot_without_its_record_is_missing(folder, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with open_file(folder.parent, seed=0) as file, monkeypatch.context() as patch:
        patch.setattr(store, "write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            file.write(SECOND, 1, vectors(SECOND, 1))
    with open_file(folder.parent, seed=0) as file:
        assert file.whole(SECOND) == 1


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with (
        pytest.raises(
            UserError,
            match=r"^cannot make \S+/experts_5x3.npy of 0\.00 GiB: No space left on device$",
        ),
        open_file(tmp_path, seed=0),
    ):
        pass
    assert not list(tmp_path.rglob("experts_*"))


def test_a_second_process_waits(folder):
    code = (
        "from medjax.run.expert_file import open_experts\n"
        f"with open_experts({str(folder.parent)!r}, {{'seed': 0}}, **{KNOBS}) as file:\n"
        "    print(file.whole(range(3, 5)), flush=True)"
    )
    with open_file(folder.parent, seed=0) as file:
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(timeout=4)
        file.write(SECOND, 1, vectors(SECOND, 1))
    assert child.communicate(timeout=60)[0] == "2\n"


@pytest.mark.parametrize(("experts", "snapshots"), [(9, 3), (5, 4), (3, 2)])
def test_snapshots_of_another_file_are_copied(folder, experts, snapshots):
    more = {"experts": experts, "snapshots": snapshots, "size": 4}
    with open_experts(folder.parent, {"seed": 0}, **more) as file:
        assert file.whole(FIRST) == min(3, snapshots)
        assert experts == 3 or file.whole(SECOND) == 1
        for snapshot in range(min(3, snapshots)):
            np.testing.assert_array_equal(file.read(FIRST, snapshot), vectors(FIRST, snapshot))
    with open_file(folder.parent, seed=0) as file:  # and the other is as it was
        assert (file.whole(FIRST), file.whole(SECOND)) == (3, 1)


def test_damage_is_not_copied(folder):
    rows = np.load(folder / "experts_5x3.npy", mmap_mode="r+")
    rows[4, 0] += 1  # of expert 1, snapshot 1
    rows.flush()
    (folder / "experts_7x3.npy").write_bytes(b"nothing")
    with open_experts(folder.parent, {"seed": 0}, **{**KNOBS, "experts": 8}) as file:
        assert file.whole(FIRST) == 1


@pytest.fixture
def read_only(monkeypatch):
    """A file system that refuses every write, even of root."""
    load, opened, descriptor = np.load, builtins.open, os.open
    refusal = OSError(errno.EROFS, os.strerror(errno.EROFS))

    def refuse(*_, **__):
        raise refusal

    def load_to_read(file, mmap_mode):
        return load(file, mmap_mode="r") if mmap_mode == "r" else refuse()

    def open_to_read(file, mode="r", *rest, **options):
        return opened(file, mode, *rest, **options) if set(mode) <= set("rb") else refuse()

    def descriptor_to_read(file, flags, *rest, **options):
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return refuse() if writes else descriptor(file, flags, *rest, **options)

    monkeypatch.setattr(np, "load", load_to_read)
    monkeypatch.setattr(builtins, "open", open_to_read)
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(os, "open", descriptor_to_read)


def test_a_complete_file_needs_no_write(folder, request):
    with open_file(folder.parent, seed=0) as file:
        for snapshot in (1, 2):
            file.write(SECOND, snapshot, vectors(SECOND, snapshot))
    request.getfixturevalue("read_only")
    with open_file(folder.parent, seed=0) as file:
        assert (file.whole(FIRST), file.whole(SECOND)) == (3, 3)
        assert file.rows().shape == (15, 4)


def test_a_missing_snapshot_in_a_read_only_folder_is_one_line(folder, request):
    request.getfixturevalue("read_only")
    with open_file(folder.parent, seed=0) as file:
        lacks = r"experts_5x3.npy is read-only and lacks experts 3 to 4, snapshot 1$"
        with pytest.raises(UserError, match=lacks):
            file.write(SECOND, file.whole(SECOND), vectors(SECOND, 1))
