import os
import pathlib
import subprocess
import sys

import pytest

from medjax import store
from medjax.errors import UserError

# A user without an entry among the accounts, as in many containers.
HOMELESS = """
import os, pwd, sys

def nobody(*_):
    raise KeyError("no such user")

pwd.getpwuid = pwd.getpwnam = nobody
for name in ("HOME", "XDG_CACHE_HOME", "MEDJAX_CACHE_DIR", "MEDJAX_DATA_DIR"):
    os.environ.pop(name, None)
"""


def homeless(code):
    done = subprocess.run([sys.executable, "-c", HOMELESS + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


def test_the_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("MEDJAX_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.cache_root(None) == tmp_path / "medjax"
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "mine"))
    assert store.cache_root(None) == tmp_path / "mine"
    assert store.cache_root("here") == pathlib.Path("here")


def test_the_home_directory_is_found_in_every_spelling(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MEDJAX_CACHE_DIR", "~/mine")
    assert store.cache_root(None) == tmp_path / "mine"
    assert store.cache_root("~/here") == store.expand_user("~/here") == tmp_path / "here"
    assert store.expand_user("~") == tmp_path
    with pytest.raises(UserError, match=r"^~no_such_user/here: .*; ./~no_such_user/here is a path"):
        store.expand_user("~no_such_user/here")
    with pytest.raises(UserError, match=r"no user 'no_such_user'.* \./~no_such_user/here is"):
        store.expand_user("~no_such_user/here")


def test_a_name_that_starts_with_a_tilde(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for path in ("./~scans", ".//~scans", "./~", "./~/a"):
        found = store.expand_user(path)
        assert found == tmp_path / path and store.expand_user(found) == found
    assert store.expand_user("a/~b").as_posix() == "a/~b"


def test_without_a_home_directory_the_cache_lasts_as_long_as_the_process():
    lines, said = homeless(
        "from medjax import store\n"
        "root = store.cache_root(None)\n"
        "assert root == store.cache_root(None)\n"
        "store.write_bytes(root / 'a', b'')\n"
        "print(root, oct(root.stat().st_mode & 0o777), store.user_cache(os.environ))\n"
    )
    folder, mode, user = lines[0].split()
    assert (mode, user) == ("0o700", "None") and not os.path.exists(folder)
    assert said.count("MEDJAX_CACHE_DIR names a lasting one") == 1
    lines, said = homeless("from medjax import store; print(store.cache_root('there'))")
    assert (lines, said) == (["there"], "")
