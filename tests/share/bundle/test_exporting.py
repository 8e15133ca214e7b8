"""Images in the layouts of others."""

import errno
import os

import numpy as np
import pytest

from medjax import share
from medjax.errors import UserError
from medjax.share.bundle import exporting


@pytest.fixture
def bundle(site, tmp_path):
    share.pack(site(), tmp_path / "a.zip")
    return tmp_path / "a.zip"


def test_three_layouts(bundle, tmp_path):
    shared = share.read_bundle(bundle).shared
    files = share.export(bundle, tmp_path / "set", to="imagefolder")
    assert len(files) == 5 and all(file.is_file() for file in files)
    found = share.read_set(tmp_path / "set", classes=["benign", "malignant"])
    np.testing.assert_allclose(found.images, np.clip(shared.images, 0, 1), atol=0.51 / 255)
    assert share.export(bundle, tmp_path / "b" / "x.npz", to="npz") == [tmp_path / "b" / "x.npz"]
    np.testing.assert_array_equal(
        share.load(tmp_path / "b" / "x.npz").images, share.load(bundle).images
    )
    share.export(bundle, tmp_path / "mnist.npz", to="medmnist")
    with np.load(tmp_path / "mnist.npz") as file:
        np.testing.assert_allclose(file["train_images"] / 255, found.images[..., 0], atol=1e-6)


def test_a_folder_that_is_there_is_kept(bundle, tmp_path):
    (tmp_path / "set").mkdir()
    share.export(bundle, tmp_path / "set", to="imagefolder")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match="is there already"):
        share.export(bundle, tmp_path / "set", to="imagefolder")
    with pytest.raises(UserError, match="is there already"):
        share.export(bundle, bundle, to="imagefolder")
    with pytest.raises(UserError, match="cannot write"):
        share.export(bundle, bundle / "set", to="imagefolder")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("layout", ["npz", "medmnist"])
def test_a_file_that_is_there_is_kept(bundle, tmp_path, layout):
    (tmp_path / "pneumoniamnist.npz").write_bytes(b"real images")
    with pytest.raises(UserError, match=r"pneumoniamnist\.npz is there already"):
        share.export(bundle, tmp_path / "pneumoniamnist.npz", to=layout)
    assert (tmp_path / "pneumoniamnist.npz").read_bytes() == b"real images"
    (tmp_path / "link.npz").symlink_to(tmp_path / "none")
    with pytest.raises(UserError, match=r"link\.npz is there already"):
        share.export(bundle, tmp_path / "link.npz", to=layout)


def test_a_disk_without_links_will_do(bundle, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    share.export(bundle, tmp_path / "set.npz", to="npz")
    assert share.load(tmp_path / "set.npz").images.shape == (4, 6, 5, 1)


def test_a_file_that_comes_while_the_bundle_is_read_is_kept(bundle, tmp_path, monkeypatch):
    def read(path):
        (tmp_path / "x.npz").write_bytes(b"real images")
        return share.read_bundle(path)

    monkeypatch.setattr(exporting, "read_bundle", read)
    with pytest.raises(UserError, match=r"x\.npz is there already"):
        share.export(bundle, tmp_path / "x.npz", to="npz")
    assert (tmp_path / "x.npz").read_bytes() == b"real images"
    assert not list(tmp_path.glob(".x.npz*"))


@pytest.mark.parametrize("name", ["y" * 300, "loop/x.npz"])
def test_a_name_that_cannot_be(bundle, tmp_path, name):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UserError, match="cannot write"):
        share.export(bundle, tmp_path / name, to="npz")


def test_an_unknown_layout(bundle, tmp_path):
    with pytest.raises(UserError, match="did you mean 'medmnist'"):
        share.export(bundle, tmp_path / "x", to="mednist")


def test_the_bundle_stays_and_nobodys_folder_is_used(bundle, tmp_path):
    with pytest.raises(UserError, match="is there already"):
        share.export(bundle, ".", to="npz")
    with pytest.raises(UserError, match=r"new/ is a folder, and the layout npz is one file"):
        share.export(bundle, f"{tmp_path}/new/", to="npz")
    with pytest.raises(UserError, match="is there already"):
        share.export(bundle, tmp_path / "x" / ".." / "a.zip", to="npz")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f".set.{os.getpid()}.tmp").symlink_to(elsewhere)
    with pytest.raises(UserError, match="cannot write"):
        share.export(bundle, tmp_path / "set", to="imagefolder")
    assert not list(elsewhere.iterdir()) and share.verify(bundle).ok
