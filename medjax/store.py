"""Files and folders that are either whole or absent, and a content-addressed cache."""

import contextlib
import errno
import hashlib
import json
import logging
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import filelock
import numpy as np

from medjax.errors import UserError

_log = logging.getLogger("medjax")
_RECORD = "record.json"
_SAMPLES, _SAMPLE_BYTES = 64, 2**16
_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


def cache_root(root: str | os.PathLike | None) -> pathlib.Path:
    """Returns the folder of the cache.

    Args:
      root: the folder; None for ``$MEDJAX_CACHE_DIR`` or, if that is not set, ``medjax`` in the
        user's cache.

    Returns:
      The folder, which need not exist.

    Example:
      >>> cache_root("scratch").name
      'scratch'
    """
    user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    chosen = root or os.environ.get("MEDJAX_CACHE_DIR") or pathlib.Path(user, "medjax")
    return pathlib.Path(chosen).expanduser()


def key_of(content: Any) -> str:
    """Returns the key of an entry of the cache: a digest in hex.

    Args:
      content: all that the entry depends on, as JSON; the order of keys does not matter.

    Example:
      >>> key_of({"size": 28, "seed": 0}) == key_of({"seed": 0, "size": 28})
      True
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def make_once(
    folder: pathlib.Path,
    make: Callable[[pathlib.Path], Mapping[str, Any]],
    *,
    what: str,
    mode: int = 0o777,
) -> dict[str, Any]:
    """Makes a folder of the cache, unless it is there and unchanged.

    It appears whole or not at all. One of several processes makes it while the others wait. A
    folder whose files have another length, or other bytes in a sample of them, is made again.

    Args:
      folder: the folder, named by ``key_of`` everything that it depends on.
      make: writes files into an empty folder, and returns facts to keep as JSON.
      what: the name of the content in messages.
      mode: permissions of the folder, before the umask.

    Returns:
      The facts.

    Raises:
      UserError: if the cache cannot be written, or ``make`` raises it.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as root:
      ...     entry = pathlib.Path(root, "key")
      ...     for answer in (42, 43):
      ...         print(make_once(entry, lambda folder: {"answer": answer}, what="an answer"))
      {'answer': 42}
      {'answer': 42}
    """
    facts = _facts(folder)
    if facts is not None:
        _log.info("cache: using %s in %s", what, folder)
        return facts
    temporary = folder.with_name(f"{folder.name}.tmp")
    try:
        with locked(folder.with_name(f"{folder.name}.lock")):
            facts = _facts(folder)  # another process may have made it in the meantime
            if facts is None:
                with replacing(folder, temporary):
                    temporary.mkdir(mode=mode, parents=True)
                    facts = dict(make(temporary))
                    files = {file.name: fingerprint(file) for file in temporary.iterdir()}
                    record = json.dumps({"files": files, "facts": facts})
                    (temporary / _RECORD).write_text(record)
                facts = json.loads(record)["facts"]
    except OSError as error:
        raise UserError(
            f"cannot cache {what} in {folder.parent}: {error.strerror or error}; choose a folder "
            "with room by data.cache or MEDJAX_CACHE_DIR"
        ) from error
    return facts


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Waits for a lock between processes, and holds it.

    A process that dies releases its lock. No lock is held if its file cannot be written, because
    then the process cannot write the cache either.

    Args:
      path: the file of the lock; it stays after the release.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = _acquire(filelock.FileLock(path))
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP):  # a file system without locks
            lock = _acquire(filelock.SoftFileLock(path))
        elif error.errno in _UNWRITABLE:
            lock = contextlib.nullcontext()
        else:
            raise
    with lock:
        yield


def _acquire(lock: filelock.BaseFileLock) -> contextlib.AbstractContextManager:
    try:
        return lock.acquire(blocking=False)
    except filelock.Timeout:
        _log.info("cache: waiting for another process, which holds %s", lock.lock_file)
        return lock.acquire()


@contextlib.contextmanager
def replacing(path: pathlib.Path, temporary: pathlib.Path) -> Iterator[None]:
    """Gives a file or folder its final name at the end of a block that writes it.

    Args:
      path: the final name; an existing file or folder is replaced.
      temporary: the name that the block writes to, in the same folder. Leftovers of an earlier
        process and of a block that fails are removed.

    Raises:
      OSError: if a file cannot be written.
    """
    _remove(temporary)
    try:
        yield
        for file in temporary.iterdir() if temporary.is_dir() else [temporary]:
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
    """Returns ``{"bytes": …, "sample": …}``: a file's length and the digest of a sample of it.

    Reading a huge file in full would take minutes at every start.
    """
    size = file.stat().st_size
    digest = hashlib.sha256()
    with open(file, "rb") as stream:
        for place in np.linspace(0, max(size - _SAMPLE_BYTES, 0), _SAMPLES).astype(int):
            stream.seek(place)
            digest.update(stream.read(_SAMPLE_BYTES))
    return {"bytes": size, "sample": digest.hexdigest()}


def _facts(folder: pathlib.Path) -> dict[str, Any] | None:
    """Returns the facts of an unchanged folder, or None."""
    try:
        record = json.loads((folder / _RECORD).read_bytes())
        files = {name: fingerprint(folder / name) for name in record["files"]}
        return record["facts"] if files == record["files"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # the record is missing or damaged


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
