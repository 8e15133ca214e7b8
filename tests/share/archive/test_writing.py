"""Writing a bundle: whole or absent, and nothing that would not be read."""

import os

import pytest

from medjax.errors import UserError
from medjax.share import archive, signing
from medjax.share.archive import writing


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"../a.md": b""}, r"the name '\.\./a\.md' has a part '\.\.'"),
        ({"a\ud800.md": b""}, "is not UTF-8"),
        ({"a.md": b"", "A.md": b""}, "differ in case alone"),
        ({"a.exe": b""}, r"the name 'a\.exe' ends with none of \.png"),
        ({"a.png": b"GIF89a"}, r"a\.png: it is not a PNG"),
    ],
)
def test_what_would_be_refused_is_not_written(entries, reason, tmp_path):
    with pytest.raises(UserError, match=rf"^cannot write .*a\.zip: .*{reason}"):
        archive.write(tmp_path / "a.zip", entries)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["SHA256SUMS", "SIGNATURE"])
def test_entries_of_its_own(name, tmp_path):
    with pytest.raises(ValueError, match=f"{name} is made from the other entries"):
        archive.write(tmp_path / "a.zip", {name: b""})


def test_a_failure_leaves_the_older_file(tmp_path, bundle, monkeypatch):
    archive.write(tmp_path / "a.zip", bundle)
    before = (tmp_path / "a.zip").read_bytes()
    with pytest.raises(UserError, match="is not a PNG"):
        archive.write(tmp_path / "a.zip", {"a.png": b""})
    monkeypatch.setattr(writing, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        archive.write(tmp_path / "a.zip", {"a.md": b""})
    assert [x.name for x in tmp_path.iterdir()] == ["a.zip"]
    assert (tmp_path / "a.zip").read_bytes() == before


def interrupted(*_):
    raise KeyboardInterrupt


def test_it_is_signed_once_and_in_the_same_way(tmp_path, bundle):
    signing.make_keys(tmp_path / "key")
    for name in ("a.zip", "b.zip"):
        archive.write(tmp_path / name, bundle, key=tmp_path / "key")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert archive.read(tmp_path / "a.zip") == bundle


def test_only_a_bundle_is_replaced(tmp_path, bundle, tools):
    archive.write(tmp_path / "a.zip", bundle)
    archive.write(tmp_path / "a.zip", {"a.md": b""})
    (tmp_path / "empty").touch()
    archive.write(tmp_path / "empty", {"a.md": b""})
    (tmp_path / "site.key").write_bytes(b"a key")
    (tmp_path / "synthetic.npz").write_bytes(bundle["synthetic.npz"])
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("site.key", "synthetic.npz", "link", "pipe"):
        with pytest.raises(UserError, match="is there already and is no bundle"):
            archive.write(tmp_path / name, bundle)
    assert (tmp_path / "site.key").read_bytes() == b"a key"
