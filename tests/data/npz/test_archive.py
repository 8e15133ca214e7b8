"""Arrays are read to the last byte; anything else is one line."""

import zipfile

import numpy as np
import pytest

from medjax.data.npz import archive, kinds
from medjax.data.npz.archive import Archive, UnreadableError
from medjax.errors import UserError


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "set.npz", images=np.arange(1000, dtype=np.uint8), labels=[0, 1])
    return tmp_path / "set.npz"


def said(path, *, kind=UnreadableError):
    with pytest.raises(kind) as caught, Archive(path) as opened:
        for name in opened.names:
            opened.read(name)
    message = str(caught.value)
    assert "\n" not in message and str(path) in message
    return message.replace(str(path), "FILE")


def test_names_headers_and_arrays(file):
    with Archive(file) as opened:
        assert opened.names == ["images", "labels"]
        assert opened.header("images") == ((1000,), False, np.uint8)
        assert opened.header("labels").nbytes == 16
        np.testing.assert_array_equal(opened.read("images"), np.arange(1000, dtype=np.uint8))


@pytest.mark.parametrize("keep", [0, 1, 10, 200, -30])
def test_a_truncated_file(file, keep):
    file.write_bytes(file.read_bytes()[:keep])
    message = said(file)
    assert message.startswith("FILE is not a readable .npz file (it is ")
    assert "download that stopped; fetch it again)" in message


def test_not_an_npz_at_all(file, tmp_path):
    file.write_text("hello")
    assert "it is a text file" in said(file)
    with open(file, "wb") as stream:
        np.save(stream, np.zeros(3))
    assert "it is a single array of np.save" in said(file)
    file.write_bytes(b"\x01\xff no text")
    assert said(file) == "FILE is not a readable .npz file (File is not a zip file)"
    with zipfile.ZipFile(file, "w") as other:
        other.writestr("a.png", b"")
    assert "it is a zip file without arrays" in said(file)
    (tmp_path / "folder.npz").mkdir()
    assert said(tmp_path / "folder.npz", kind=UserError) == "cannot read FILE: Is a directory"
    assert said(tmp_path / "none.npz", kind=UserError) == "there is no file FILE"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied"), "cannot read FILE: Permission denied"),
        (OSError(5, "Input/output error"), "cannot read FILE: Input/output error"),
        (MemoryError("Unable to allocate 9 TiB"), "not enough memory to read FILE"),
    ],
)
@pytest.mark.parametrize("call", ["open", "read"])
def test_what_is_no_damage_is_not_called_damage(call, error, message, file, monkeypatch):
    def fail(*_, **__):
        raise error

    if call == "open":
        monkeypatch.setattr(archive.zipfile, "ZipFile", fail)
    else:
        monkeypatch.setattr(archive.np.lib.format, "read_array", fail)
    with pytest.raises(UserError) as caught, Archive(file) as opened:
        opened.read("images")
    assert not isinstance(caught.value, UnreadableError)
    assert str(caught.value).replace(str(file), "FILE") == message


def test_damage_inside_an_array(file):
    with zipfile.ZipFile(file) as opened:
        start = opened.getinfo("images.npy").header_offset
    raw = bytearray(file.read_bytes())
    raw[start + 400] ^= 255
    file.write_bytes(raw)
    assert said(file) == "FILE is not a readable .npz file (Bad CRC-32 for file 'images.npy')"


def test_a_header_that_says_another_length(file, tmp_path):
    changed = tmp_path / "changed.npz"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():  # its checksum is right
            new.writestr(name, old.read(name).replace(b"(1000,)", b"(1001,)"))
    assert "the length of images differs from its header" in said(changed)


def test_nothing_is_unpickled(file):
    np.savez(file, train_labels=np.array(["benign", None], object))
    message = said(file, kind=UserError)
    assert "train_labels holds Python objects, which are never unpickled" in message
    assert "save train_labels.astype(str)" in message


@pytest.mark.parametrize("kind", [TypeError, KeyError, ZeroDivisionError])
def test_a_bug_of_ours_keeps_its_traceback(kind, file, monkeypatch):
    def ours(*_):
        raise kind("a bug")

    monkeypatch.setattr(archive.Header, "nbytes", property(ours))
    monkeypatch.setattr(archive, "kind_of", ours)
    for content in (file.read_bytes(), b"no archive"):
        file.write_bytes(content)
        with pytest.raises(kind, match="a bug") as caught, Archive(file) as opened:
            opened.read("images")
        assert caught.traceback[-1].name == "ours"
    assert kinds.kind_of(file) is not None
