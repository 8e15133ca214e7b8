"""The bytes of a bundle: one form, the same on every Python, and read by every zip tool."""

import io
import pathlib
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from medjax.errors import UserError
from medjax.share import archive
from medjax.share.archive import form

ROOT = pathlib.Path(form.__file__).resolve().parents[3]
NAMES = ["medjax", "medjax.share", "medjax.share.archive"]
# The form needs nothing but the standard library, so that other Pythons run it without numpy.
OTHER = f"""
import hashlib, sys, types
sys.path.insert(0, {str(ROOT)!r})
for name in {NAMES!r}:
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [{str(ROOT)!r} + "/" + name.replace(".", "/")]
from medjax.share.archive import form, sums
entries = {{"a.md": b"x" * 1000, "train/\\u00e9/0.png": bytes(range(256))}}
listed = sums.rendered_sums({{name: sums.digest(data) for name, data in entries.items()}})
print(hashlib.sha256(form.rendered({{**entries, sums.SUMS: listed}})).hexdigest())
"""


def test_it_is_what_zipfile_writes(bundle):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as zipped:
        for name, data in bundle.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            zipped.writestr(entry, data)
    assert form.rendered(bundle) == stream.getvalue()


def test_it_is_what_a_second_writer_of_zip_files_writes(tmp_path, bundle, tools):
    archive.write(tmp_path / "a.zip", bundle)
    crafted = tools.craft(*({"name": name.encode(), "data": bundle[name]} for name in bundle))
    assert (tmp_path / "a.zip").read_bytes() == crafted


def test_zipfile_reads_it(tmp_path, bundle):
    archive.write(tmp_path / "a.zip", bundle)
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        assert zipped.testzip() is None
        assert zipped.namelist() == sorted([*bundle, "SHA256SUMS"])
        assert {name: zipped.read(name) for name in bundle} == bundle


def test_sha256sum_checks_the_folder(tmp_path, bundle):
    if shutil.which("sha256sum") is None:
        pytest.skip("needs sha256sum")
    archive.write(tmp_path / "a.zip", bundle)
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        zipped.extractall(tmp_path / "a")
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=tmp_path / "a", capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count(": OK\n") == len(bundle)


def test_the_bytes_do_not_depend_on_the_order_of_entries(tmp_path, bundle):
    archive.write(tmp_path / "a.zip", bundle)
    archive.write(tmp_path / "b.zip", dict(reversed(bundle.items())))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def digest_under(python):
    """The digest that another Python prints; None if there is nothing behind its name."""
    done = subprocess.run([python, "-I", "-c", OTHER], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def test_another_python_writes_the_same_bytes():
    others = [shutil.which(f"python3.{minor}") for minor in range(11, 16)]
    others += pathlib.Path.home().glob(".pyenv/versions/3.1[1-9]*/bin/python")
    digests = [digest_under(python) for python in others if python is not None]
    digests = [digest for digest in digests if digest is not None]
    if not digests:
        pytest.skip("needs another Python, such as python3.13, on the path or in pyenv")
    assert {*digests} == {digest_under(sys.executable)} and len(digests[0]) == 64


def test_too_many_entries_are_not_written():
    with pytest.raises(UserError, match=r"32,769 entries of .* are too much for one file"):
        form.rendered({f"{number}.md": b"" for number in range(2**15 + 1)})


def test_many_entries_are_read(tmp_path):
    entries = {f"{number:05}.md": b"" for number in range(2**10)}
    archive.write(tmp_path / "a.zip", entries)
    assert archive.read(tmp_path / "a.zip") == entries


def test_npz_files_of_the_project_have_the_form(tmp_path, tools):
    from medjax.data import save_synthetic
    from medjax.types import SyntheticSet

    synthetic = SyntheticSet(np.zeros((2, 4, 4, 1), np.float32), np.arange(2))
    save_synthetic(tmp_path / "synthetic.npz", synthetic, mean=[0.5], std=[0.25], preparation="x")
    data = (tmp_path / "synthetic.npz").read_bytes()
    stream = io.BytesIO(data)
    entries = dict(form.contents_of(stream, form.members_of(stream)))
    assert form.rendered(entries) == data
    archive.write(tmp_path / "a.zip", {"synthetic.npz": data})
    assert archive.read(tmp_path / "a.zip")["synthetic.npz"] == data
