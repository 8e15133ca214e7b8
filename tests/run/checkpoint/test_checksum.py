import pytest

from medjax.run.checkpoint import checksum


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "state"
    (folder / "deep").mkdir(parents=True)
    (folder / "a").write_bytes(b"abc")
    (folder / "deep" / "b").write_bytes(b"")
    checksum.write(folder)
    return folder


def test_whole_passes_and_later_files_do_not_matter(folder):
    assert checksum.check(folder) is None
    (folder / "later").touch()
    assert checksum.check(folder) is None


@pytest.mark.parametrize("name", ["a", "deep/b"])
def test_a_changed_file_is_named(folder, name):
    (folder / name).write_bytes(b"abd")
    with pytest.raises(checksum.DamageError, match=f"^state/{name} has changed$"):
        checksum.check(folder)


def test_a_missing_file(folder):
    (folder / "a").unlink()
    with pytest.raises(checksum.DamageError, match=r"^state is incomplete$"):
        checksum.check(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": ', b"\xff"])
def test_a_broken_list_of_checksums(folder, content):
    (folder / "sha256.json").write_bytes(content)
    with pytest.raises(checksum.DamageError, match="incomplete"):
        checksum.check(folder)


def test_no_list_of_checksums(tmp_path):
    with pytest.raises(checksum.DamageError, match="incomplete"):
        checksum.check(tmp_path)
