import errno
import os

import pytest

from medjax import store
from medjax.errors import UserError


def test_replaces_whole_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "deep" / "file.bin"
    store.write_bytes(target, b"first")
    store.write_bytes(target, b"second")
    assert target.read_bytes() == b"second"
    assert os.listdir(target.parent) == ["file.bin"]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "file.bin"
    store.write_bytes(target, b"old")

    def full_disk(source, destination):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(UserError, match=r"cannot write .*file.bin: No space left on device"):
        store.write_bytes(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.bin"]


def test_obeys_the_umask(tmp_path):
    before = os.umask(0o022)
    try:
        store.write_bytes(tmp_path / "file.bin", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file.bin").stat().st_mode & 0o777 == 0o644


def test_unwritable_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match=r"^cannot write .*[^\n]$"):
        store.write_bytes(tmp_path / "file" / "below", b"")


def test_a_failed_block_keeps_what_was_there(tmp_path):
    path, temporary = tmp_path / "folder", tmp_path / "folder.tmp"
    path.mkdir()
    (temporary / "left by a killed process").mkdir(parents=True)
    with pytest.raises(ZeroDivisionError), store.replacing(path, temporary):
        assert not temporary.exists()
        temporary.mkdir()
        1 / 0  # noqa: B018
    assert os.listdir(tmp_path) == ["folder"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    (tmp_path / "folder" / "more").mkdir(parents=True)
    with pytest.raises(UserError, match=r"cannot write .*folder: Is a directory"):
        store.write_bytes(tmp_path / "folder", b"")
    assert (tmp_path / "folder" / "more").is_dir()


def test_room_is_reserved_where_the_file_system_can(tmp_path, monkeypatch):
    with open(tmp_path / "file", "wb") as stream:
        store.reserve(stream, 5000)
        assert (tmp_path / "file").stat().st_size == 5000
        for number in (errno.EOPNOTSUPP, errno.EINVAL):
            error = OSError(number, os.strerror(number))
            monkeypatch.setattr(os, "posix_fallocate", lambda *_, error=error: fail(error))
            store.reserve(stream, 5000)
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        monkeypatch.setattr(os, "posix_fallocate", lambda *_: fail(full))
        with pytest.raises(OSError, match="No space left"):
            store.reserve(stream, 5000)
        monkeypatch.delattr(os, "posix_fallocate")  # Windows
        store.reserve(stream, 5000)


def fail(error):
    raise error


def test_a_digest_of_sources_changes_with_every_file_below(tmp_path):
    inner = tmp_path / "package" / "inner"
    inner.mkdir(parents=True)
    (inner / "a.py").write_text("1")
    (inner / "notes.txt").write_text("1")
    before = store.source_digest([tmp_path / "package"])
    (inner / "notes.txt").write_text("2")
    assert store.source_digest([tmp_path / "package"]) == before
    (inner / "a.py").write_text("2")
    assert store.source_digest([tmp_path / "package"]) != before
