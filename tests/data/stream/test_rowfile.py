"""Rows read by position: the right ones of any view, or an error."""

import concurrent.futures
import os
import tempfile

import numpy as np
import pytest

from medjax.data.stream.rowfile import RowFile
from medjax.errors import UserError

ARRAY = np.arange(40 * 6, dtype=np.uint16).reshape(40, 2, 3)


@pytest.fixture
def mapped(tmp_path):
    np.save(tmp_path / "a.npy", ARRAY)
    return np.load(tmp_path / "a.npy", mmap_mode="r")


VIEWS = {
    "whole": lambda a: a,
    "channel": lambda a: a[..., None],
    "part": lambda a: a[5:30],
    "part of a part": lambda a: a[5:30][2:],
}


@pytest.mark.parametrize("system", ["posix", "windows"])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_rows_of_any_view(mapped, view, system, monkeypatch):
    if system == "windows":
        monkeypatch.delattr(os, "pread")
    rows = np.array([3, 0, 3, 17], np.int32)
    read = RowFile(view(mapped)).read(rows)
    np.testing.assert_array_equal(read, view(ARRAY)[rows])
    assert read.dtype == np.uint16 and RowFile(mapped).bytes_each == 12


def test_rows_beyond_the_ends_are_those_at_them(mapped):
    read = RowFile(mapped[5:30]).read(np.array([-3, 99]))
    np.testing.assert_array_equal(read, ARRAY[[5, 29]])


def test_what_cannot_be_read_by_position(mapped, tmp_path):
    with tempfile.TemporaryFile() as file:
        file.write(bytes(60))
        nameless = np.memmap(file, np.uint8, shape=(10, 6))
    for view in (mapped[::2], mapped[:, :, 1:], nameless):
        with pytest.raises(UserError, match="must be mapped from a named file, in C order"):
            RowFile(view)
    os.remove(tmp_path / "a.npy")
    with pytest.raises(UserError, match=r"cannot read .*a\.npy: No such file"):
        RowFile(mapped)


def test_a_file_that_was_cut_is_an_error(mapped, tmp_path):
    rows = RowFile(mapped)
    os.truncate(tmp_path / "a.npy", 200)
    with pytest.raises(OSError, match=r"a\.npy ends before row 30"):
        rows.read(np.array([1, 30]))


def test_threads_read_at_once_where_a_file_has_one_place(mapped, monkeypatch):
    monkeypatch.delattr(os, "pread")
    file, rows = RowFile(mapped), np.arange(40).repeat(50)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        for read in threads.map(file.read, [rows] * 8):
            np.testing.assert_array_equal(read, ARRAY[rows])
