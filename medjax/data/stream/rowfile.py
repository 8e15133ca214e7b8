"""Reads rows of an array in a file by their position."""

import os
import pathlib
import threading
import weakref

import numpy as np

from medjax.errors import UserError


class RowFile:
    """The rows of the file behind a memory-mapped array.

    Reading random rows by position is several times as fast as page faults, which also read
    neighbours. Several threads may read at once.
    """

    def __init__(self, array: np.memmap) -> None:
        """Opens the file of an array.

        Args:
          array: ``[N, ...]``, memory-mapped from a file with a name, in C order and without gaps.

        Raises:
          UserError: for any other array, or if the file cannot be opened.
        """
        whole = array
        while isinstance(whole.base, np.ndarray):
            whole = whole.base
        if whole.filename is None or not array.flags.c_contiguous:
            raise UserError(
                "images that stream from disk must be mapped from a named file, in C order and "
                "without gaps: np.save them, and load them with mmap_mode='r'"
            )
        self._start = whole.offset + array.ctypes.data - whole.ctypes.data
        self._count, self._shape, self._dtype = len(array), array.shape[1:], array.dtype
        self._bytes = array[:1].nbytes
        self._path = whole.filename
        try:
            self._number = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise UserError(f"cannot read {self._path}: {error.strerror}") from error
        weakref.finalize(self, os.close, self._number)
        self._lock = threading.Lock()

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Reads rows ``[b]``, clamped to those of the array, as ``[b, ...]``.

        Raises:
          OSError: if the file is too short or cannot be read.
        """
        out = np.empty((len(rows), *self._shape), self._dtype)
        flat = out.reshape(len(rows), -1).view(np.uint8)
        for place, row in zip(flat, np.clip(rows, 0, self._count - 1).tolist(), strict=True):
            content = self._read_at(self._start + row * self._bytes)
            if len(content) != self._bytes:
                raise OSError(f"{self._path} ends before row {row}")
            place[:] = np.frombuffer(content, np.uint8)
        return out

    def _read_at(self, place: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._number, self._bytes, place)
        with self._lock:  # Windows reads at the one place that the file has
            os.lseek(self._number, place, os.SEEK_SET)
            return os.read(self._number, self._bytes)

    @property
    def folder(self) -> pathlib.Path:
        """The folder of the file."""
        return pathlib.Path(self._path).parent

    @property
    def bytes_each(self) -> int:
        """The bytes of a row."""
        return self._bytes
