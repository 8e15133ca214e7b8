"""What lies in the place of an npz file is told apart by its first bytes."""

import gzip
import io
import pickle
import zipfile

import numpy as np
import pytest

from medjax.data.npz.kinds import is_torch, kind_of


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays or {"a": np.arange(500)})
    return stream.getvalue()


def npy():
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


def zipped(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return stream.getvalue()


STOPPED, PAGE, PACKED = "download that stopped", "a web page", "a compressed file"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
KINDS = {
    "nothing": (b"", STOPPED),
    "two bytes": (npz()[:2], STOPPED),
    "half": (npz()[: len(npz()) // 2], STOPPED),
    "the end is missing": (npz()[:-30], STOPPED),
    "room for it": (bytes(5000), STOPPED),
    "page": (b"<!DOCTYPE html>\n<html><body>404</body></html>", PAGE),
    "page after blanks": (b"\xef\xbb\xbf \r\n<HTML>", PAGE),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', PAGE),
    "page cut in a letter": (("<p>" + "é" * 600).encode(), PAGE),
    "pointer": (LFS, "git lfs pull"),
    "json": (b'{"status": 404}', "a text file"),
    "text": ("Zugriff verweigert: gelöscht\n".encode(), "a text file"),
    "gzip": (gzip.compress(npz(), mtime=0), PACKED),
    "xz": (b"\xfd7zXZ\x00\x00", PACKED),
    "npy": (npy(), "a single array of np.save"),
    "mat": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "scipy.io.loadmat"),
    "hdf5": (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file"),
    "pickle": (pickle.dumps({"a": 1}), "a pickle"),
    "old pickle": (pickle.dumps({"a": 1}, protocol=2), "a pickle"),
    "torch": (zipped("mine/data.pkl", "mine/data/0"), "a file of torch"),
    "old torch": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M", "a file of torch"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0", "a PNG file"),
    "jpeg": (b"\xff\xd8\xff\xe0", "a JPEG file"),
    "zip": (zipped("a.png"), "a zip file without arrays"),
}


@pytest.mark.parametrize(("content", "kind"), KINDS.values(), ids=KINDS)
def test_kinds(content, kind, tmp_path):
    file = tmp_path / "set.npz"
    file.write_bytes(content)
    assert kind in kind_of(file) and "\n" not in kind_of(file)
    assert is_torch(file) == ("torch" in kind)


@pytest.mark.parametrize("content", [npz(), zipped(), b"\x01\x02\x03 no text \xff"])
def test_what_the_first_bytes_do_not_tell(content, tmp_path):
    file = tmp_path / "set.npz"
    file.write_bytes(content)
    assert kind_of(file) is None and not is_torch(file)
    assert kind_of(tmp_path) is None and not is_torch(tmp_path / "none")


@pytest.mark.parametrize("place", [6, 46])  # of the version, and of a name, in the list at the end
def test_a_damaged_list_of_members(tmp_path, place):
    content = bytearray(zipped("ä.npy"))
    content[content.index(b"PK\1\2") + place] = 0xFF
    (tmp_path / "a.zip").write_bytes(content)
    assert not is_torch(tmp_path / "a.zip") and kind_of(tmp_path / "a.zip") is None
