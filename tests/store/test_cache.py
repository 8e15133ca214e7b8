import errno
import os
import pathlib

import filelock
import pytest

from medjax import store
from medjax.errors import UserError


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


def test_a_read_only_cache_is_one_line(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    entry = tmp_path / "entry"
    store.make_once(entry, lambda folder: {}, what="a test")
    for kind in (filelock.FileLock, filelock.SoftFileLease):
        monkeypatch.setattr(kind, "acquire", refuse)
    monkeypatch.setattr(pathlib.Path, "mkdir", refuse)
    assert store.make_once(entry, lambda folder: {}, what="a test") == {}
    with pytest.raises(UserError, match=r"^cannot cache a test in .*: Read-only file system; "):
        store.make_once(tmp_path / "another", lambda folder: {}, what="a test")
