import errno
import os
import pathlib

import filelock
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


def test_the_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("MEDJAX_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.cache_root(None) == tmp_path / "medjax"
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "mine"))
    assert store.cache_root(None) == tmp_path / "mine"
    assert store.cache_root("here") == pathlib.Path("here")


def test_a_folder_is_made_once_and_made_anew_when_it_is_not_as_it_was(tmp_path):
    made = []

    def make(folder):
        made.append(folder)
        (folder / "content").write_bytes(b"whole")
        return {"time": len(made)}

    entry = tmp_path / "cache" / store.key_of([1])
    for expected in (1, 1):
        assert store.make_once(entry, make, what="a test") == {"time": expected}
    (entry / "content").write_bytes(b"wHole")
    assert store.make_once(entry, make, what="a test") == {"time": 2}
    assert (entry / "content").read_bytes() == b"whole"
    (entry / "record.json").write_text("[]")
    assert store.make_once(entry, make, what="a test") == {"time": 3}
    assert len(os.listdir(entry.parent)) == 2  # it and its lock


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


def _refusing(number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    return refuse


def test_a_file_system_without_locks_gets_a_file_in_their_place(tmp_path, monkeypatch):
    monkeypatch.setattr(filelock.FileLock, "acquire", _refusing(errno.ENOLCK))
    with store.locked(tmp_path / "lock"):
        assert (tmp_path / "lock").exists()
        with pytest.raises(filelock.Timeout):
            filelock.SoftFileLock(tmp_path / "lock").acquire(blocking=False)
    with store.locked(tmp_path / "lock"):
        pass


def test_a_read_only_cache_is_one_line(tmp_path, monkeypatch):
    entry = tmp_path / "entry"
    store.make_once(entry, lambda folder: {}, what="a test")
    monkeypatch.setattr(filelock.FileLock, "acquire", _refusing(errno.EROFS))
    monkeypatch.setattr(pathlib.Path, "mkdir", _refusing(errno.EROFS))
    assert store.make_once(entry, lambda folder: {}, what="a test") == {}
    with pytest.raises(UserError, match=r"^cannot cache a test in .*: Read-only file system; "):
        store.make_once(tmp_path / "another", lambda folder: {}, what="a test")
    monkeypatch.undo()
    monkeypatch.setattr(filelock.FileLock, "acquire", _refusing(errno.EROFS))
    with store.locked(tmp_path / "lock"):  # whoever cannot write needs no lock
        pass
    monkeypatch.setattr(filelock.FileLock, "acquire", _refusing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"), store.locked(tmp_path / "lock"):
        pass
