"""Files below a folder: order, leftovers, links."""

import os

import pytest

from medjax.data.pictures.listing.walking import walk
from medjax.errors import UserError


@pytest.fixture
def folder(tmp_path):
    for name in ("b/2.png", "a/deep/er/1.png", "c.png"):
        file = tmp_path / "set" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path / "set"


def test_files_are_in_order_and_leftovers_absent(folder):
    leftovers = (".x", "._c.png", "Thumbs.db", "desktop.ini", "__MACOSX/a.png", "@eaDir/b.png")
    for name in (*leftovers, ".ipynb_checkpoints/c.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    assert walk(folder) == ["a/deep/er/1.png", "b/2.png", "c.png"]


def test_links_to_folders_are_followed_once(folder, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "3.png").touch()
    (folder / "link").symlink_to("../other")
    links = {"a/up": "../..", "a/above": str(tmp_path), "b/self": ".", "a/b": "../b"}
    for place, target in links.items():
        (folder / place).symlink_to(target)
    (folder / "b" / "a").symlink_to("../a")
    (folder / "loop.png").symlink_to("loop.png")
    found = walk(folder)
    assert "link/3.png" in found and "loop.png" in found
    assert [x for x in found if x.endswith("2.png")] == ["a/b/2.png", "b/2.png"]
    assert [x for x in found if x.endswith("1.png")] == ["a/deep/er/1.png", "b/a/deep/er/1.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read(folder):
    (folder / "b").chmod(0)
    with pytest.raises(UserError, match=r"cannot read .*b: Permission denied"):
        walk(folder)


def test_a_folder_that_is_gone(tmp_path):
    with pytest.raises(UserError, match="gone: No such file or directory"):
        walk(tmp_path / "gone")
