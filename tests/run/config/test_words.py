"""Words after a config's colon: commas in paths, brackets and quotes."""

import pytest

from medjax.run.config.words import split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" quick , ipc=5,", [(None, "quick"), ("ipc", 5)]),
        ("ipc_per_class=(1,2),ipc=[3, 4]", [("ipc_per_class", (1, 2)), ("ipc", [3, 4])]),
        (
            "data.prepare=window(center=40, width=400)|resize(64),quick",
            [("data.prepare", "window(center=40, width=400)|resize(64)"), (None, "quick")],
        ),
        ("folder:gone (1,ipc=5", [(None, "folder:gone (1"), ("ipc", 5)]),
        ("folder:gone),ipc=5", [(None, "folder:gone)"), ("ipc", 5)]),
        ("folder:C:\\scans=1,ipc=5", [(None, "folder:C:\\scans=1"), ("ipc", 5)]),
        ("folder:Crohn's,ipc=5", [(None, "folder:Crohn's"), ("ipc", 5)]),
        ("'folder:gone, set=1',ipc=5", [(None, "folder:gone, set=1"), ("ipc", 5)]),
        ('data.name="folder:gone, x",ipc=5', [("data.name", "folder:gone, x"), ("ipc", 5)]),
        ("folder:gone, set=1", [(None, "folder:gone"), ("set", 1)]),
        ("'folder:gone, set=1", [(None, "'folder:gone"), ("set", 1)]),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize(
    "name", ["scans, set=1", "a,b", "a,,b", "a (1, b", "a), b", "it's, 'b", "x=1, y=2", "a,ipc=9"]
)
@pytest.mark.parametrize("below", ["", "deeper, too"])
def test_a_path_that_exists_may_hold_anything(name, below, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / name / below
    folder.mkdir(parents=True)
    (folder / "mine.npz").touch()
    for path in (folder, f"~/{folder.relative_to(tmp_path)}"):
        words = [(None, f"folder:{path}"), ("ipc", 5)]
        assert split_words(f"folder:{path},ipc=5") == words
        assert split_words(f"{path}/mine.npz,ipc=5") == [(None, f"{path}/mine.npz"), ("ipc", 5)]
        assert split_words(f"ipc=5,data.cache={path},quick")[1] == ("data.cache", str(path))
    monkeypatch.chdir(folder)
    (folder / "x=1.npz").touch()
    assert split_words("ipc=5,x=1.npz") == [("ipc", 5), (None, "x=1.npz")]
