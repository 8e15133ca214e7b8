"""Reads single arrays of an npz file to the last byte, and unpickles nothing."""

import contextlib
import errno
import io
import math
import pathlib
import zipfile
from collections.abc import Collection, Iterator
from typing import IO, NamedTuple

import numpy as np

from medjax.data.damaged import NPZ_ERRORS
from medjax.data.npz.kinds import kind_of
from medjax.errors import UserError


class UnreadableError(UserError):
    """A file that is damaged, or no npz file at all."""


class Header(NamedTuple):
    """The shape of an array, whether it is stored by columns, and its dtype."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        """The size of the array in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


class Archive:
    """An open npz file.

    Attributes:
      names: the names of its arrays.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     file = pathlib.Path(folder, "set.npz")
      ...     np.savez(file, labels=[0, 1])
      ...     with Archive(file) as archive:
      ...         archive.names, archive.read("labels").tolist()
      (['labels'], [0, 1])
    """

    def __init__(self, path: pathlib.Path, *, content: bytes | None = None) -> None:
        """Opens a file.

        Args:
          path: the file.
          content: its bytes, if they lie elsewhere: the path only names them in messages.

        Raises:
          UserError: if there is none, or the system or the memory fails.
          UnreadableError: if it is no npz file.
        """
        self._path = path
        if content is None and not path.exists():
            raise UserError(f"there is no file {path}")
        with reading(path):
            self._zip = zipfile.ZipFile(path if content is None else io.BytesIO(content))
        members = self._zip.namelist()
        self.names = [name.removesuffix(".npy") for name in members if name.endswith(".npy")]
        if members and not self.names:
            self._zip.close()
            raise unreadable(path, "no arrays")

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def header(self, name: str) -> Header:
        """Returns the header of an array, whose length is checked.

        Raises:
          UnreadableError: if the header is damaged or says another length than the array has.
          UserError: if the array consists of Python objects.
        """
        with reading(self._path), self._zip.open(f"{name}.npy") as stream:
            found = npy_header(stream)
            start = stream.tell()
        if found.dtype.hasobject:
            raise UserError(
                f"{self._path}: {name} holds Python objects, which are never unpickled; save "
                f"{name}.astype(str) if they are names, and otherwise an array of numbers"
            )
        if start + found.nbytes != self._zip.getinfo(f"{name}.npy").file_size:
            raise unreadable(self._path, f"the length of {name} differs from its header")
        return found

    def read(self, name: str) -> np.ndarray:
        """Reads one array to its end, where zipfile compares the checksum.

        Raises:
          UnreadableError, UserError: see ``header``.
        """
        self.header(name)
        with reading(self._path), self._zip.open(f"{name}.npy") as stream:
            array = np.lib.format.read_array(stream, allow_pickle=False)
            stream.read()
        return array


def read_arrays(
    path: pathlib.Path, *, names: Collection[str] | None = None, content: bytes | None = None
) -> dict[str, np.ndarray]:
    """Reads the arrays of an npz file by name.

    Args:
      path: the file.
      names: which arrays; names that the file lacks are skipped. None for all.
      content: as for ``Archive``.

    Raises:
      UnreadableError, UserError: as ``Archive``.

    Example:
      >>> read_arrays(pathlib.Path("no-such-run/synthetic.npz"))
      Traceback (most recent call last):
      medjax.errors.UserError: there is no file no-such-run/synthetic.npz
    """
    with Archive(path, content=content) as archive:
        wanted = [name for name in archive.names if names is None or name in names]
        return {name: archive.read(name) for name in wanted}


def npy_header(stream: IO[bytes]) -> Header:
    """Reads the header of an array, and leaves the stream where its elements start.

    Args:
      stream: an npy file.

    Raises:
      ValueError: if it is no header; numpy's parser raises other exceptions too, see
        ``damaged.NPZ_ERRORS``.

    Example:
      >>> import io
      >>> stream = io.BytesIO()
      >>> np.save(stream, np.zeros((2, 3), np.uint8))
      >>> _ = stream.seek(0)
      >>> npy_header(stream).shape
      (2, 3)
    """
    one = np.lib.format.read_magic(stream) == (1, 0)
    parse = np.lib.format.read_array_header_1_0 if one else np.lib.format.read_array_header_2_0
    return Header(*parse(stream))


@contextlib.contextmanager
def reading(path: pathlib.Path) -> Iterator[None]:
    """Turns what zipfile, the decompressors, numpy and the system raise into one line."""
    try:
        yield
    except MemoryError as error:
        raise UserError(f"not enough memory to read {path}") from error
    except NPZ_ERRORS as error:
        # The system refuses to seek where a damaged directory leads.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise UserError(f"cannot read {path}: {error.strerror}") from error
        raise unreadable(path, " ".join(str(error).split()) or type(error).__name__) from error


def unreadable(path: pathlib.Path, reason: str) -> UnreadableError:
    """Returns the error for a file: what it is, or the reason that a library gives."""
    kind = kind_of(path)
    why = f"it is {kind}" if kind else reason
    return UnreadableError(f"{path} is not a readable .npz file ({why})")
