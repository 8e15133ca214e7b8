"""Files and folders that are either whole or absent."""

import contextlib
import errno
import hashlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

import numpy as np

from medjax.errors import UserError

_SAMPLES, _SAMPLE_BYTES = 64, 2**16


@contextlib.contextmanager
def replacing(path: pathlib.Path, temporary: pathlib.Path) -> Iterator[None]:
    """Gives a file or folder its final name at the end of a block that writes it.

    Args:
      path: the final name; an existing file or folder is replaced.
      temporary: the name that the block writes to, in the same folder. Leftovers of an earlier
        process and of a block that fails are removed.

    Yields:
      None.

    Raises:
      OSError: if a file cannot be written.

    Example:
      >>> with tempfile.TemporaryDirectory() as name:
      ...     folder = pathlib.Path(name)
      ...     with replacing(folder / "scores.csv", folder / "scores.tmp"):
      ...         _ = (folder / "scores.tmp").write_text("0.9")
      ...     print([file.name for file in folder.iterdir()])
      ['scores.csv']
    """
    _remove(temporary)
    try:
        yield
        for file in temporary.rglob("*") if temporary.is_dir() else [temporary]:
            if file.is_file():
                with open(file, "rb+") as stream:
                    os.fsync(stream.fileno())
        if temporary.is_dir() and path.is_dir():  # os.replace only replaces an empty folder
            shutil.rmtree(path)
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def _remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def fingerprint(file: pathlib.Path) -> dict[str, int | str]:
    """Returns the length of a file and the digest of a sample of it.

    Reading a huge file in full would take minutes at every start.

    Args:
      file: the file.

    Returns:
      ``{"bytes": …, "sample": …}``.

    Raises:
      OSError: if the file cannot be read.

    Example:
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     file = pathlib.Path(folder, "a")
      ...     _ = file.write_bytes(b"four")
      ...     print(fingerprint(file)["bytes"])
      4
    """
    size = file.stat().st_size
    digest = hashlib.sha256()
    with open(file, "rb") as stream:
        for place in np.linspace(0, max(size - _SAMPLE_BYTES, 0), _SAMPLES).astype(int):
            stream.seek(place)
            digest.update(stream.read(_SAMPLE_BYTES))
    return {"bytes": size, "sample": digest.hexdigest()}


def source_digest(paths: Iterable[pathlib.Path]) -> str:
    """Returns a digest of files of source code, on which a kept result depends.

    Args:
      paths: files, or folders of Python files at any depth.

    Returns:
      The digest in hex; the order of the paths does not matter.

    Raises:
      OSError: if a file cannot be read.

    Example:
      >>> source_digest([pathlib.Path(__file__)]) == source_digest([pathlib.Path(__file__)])
      True
    """
    digest = hashlib.sha256()
    files = {file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])}
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def write_bytes(path: str | os.PathLike, content: bytes) -> None:
    """Writes a file that is whole or absent, even after a crash; makes missing parent folders.

    Args:
      path: the file; an existing one is replaced.
      content: its bytes.

    Raises:
      UserError: if the folder or the file cannot be written.

    Example:
      >>> import pathlib, tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     file = pathlib.Path(folder, "a", "b.txt")
      ...     write_bytes(file, b"whole")
      ...     print(file.read_text(), [f.name for f in file.parent.iterdir()])
      whole ['b.txt']
    """
    path = pathlib.Path(path)
    # With the process number in the name, two writers of one file do not mix: the last one wins.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, temporary):
            temporary.write_bytes(content)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def reserve(stream: IO[bytes], size: int) -> None:
    """Reserves room on the disk for a file, where the system and the file system can.

    Args:
      stream: the file, open for writing.
      size: the bytes that it will have; a shorter file gets this length.

    Raises:
      OSError: if there is no room.

    Example:
      >>> with tempfile.TemporaryFile() as stream:
      ...     reserve(stream, 10)
    """
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(stream.fileno(), 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise


def require_writable(path: str | os.PathLike) -> None:
    """Refuses a file that cannot be written, before hours of work; makes missing parent folders.

    Args:
      path: the file; it is not touched.

    Raises:
      UserError: if the folder or the file cannot be written.

    Example:
      >>> require_writable("/dev/null/scores.json")
      Traceback (most recent call last):
      medjax.errors.UserError: cannot write /dev/null/scores.json: File exists
    """
    path = pathlib.Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
