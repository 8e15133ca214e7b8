"""Files that are either whole or absent."""

import errno
import os
import pathlib
import tempfile

from medjax.errors import UserError


def write_bytes(path: str | os.PathLike, content: bytes) -> None:
    """Writes a file so that no reader and no crash ever sees half of it.

    The bytes go to a temporary name in the same folder, which then takes the final name. Missing
    parent folders are made.

    Args:
      path: the file; replaced if it is there.
      content: all of it.

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
    # The process number keeps two writers of one file apart: the last one wins, whole.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def require_writable(path: str | os.PathLike) -> None:
    """Refuses a file that ``write_bytes`` could not write, before hours of work for it.

    Missing parent folders are made.

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
