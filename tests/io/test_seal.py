import pytest

from medjax.io import seal


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "state"
    (folder / "deep").mkdir(parents=True)
    (folder / "a").write_bytes(b"abc")
    (folder / "deep" / "b").write_bytes(b"")
    seal.write_seal(folder)
    return folder


def test_whole_passes_and_later_files_do_not_matter(folder):
    seal.check_seal(folder)
    (folder / "later").touch()
    seal.check_seal(folder)


@pytest.mark.parametrize("name", ["a", "deep/b"])
def test_a_changed_file_is_named(folder, name):
    (folder / name).write_bytes(b"abd")
    with pytest.raises(seal.DamageError, match=f"^state/{name} has changed$"):
        seal.check_seal(folder)


def test_a_missing_file(folder):
    (folder / "a").unlink()
    with pytest.raises(seal.DamageError, match=r"^state is incomplete$"):
        seal.check_seal(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": ', b"\xff"])
def test_a_broken_seal(folder, content):
    (folder / "sha256.json").write_bytes(content)
    with pytest.raises(seal.DamageError, match="incomplete"):
        seal.check_seal(folder)


def test_no_seal(tmp_path):
    with pytest.raises(seal.DamageError, match="incomplete"):
        seal.check_seal(tmp_path)
