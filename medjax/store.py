"""Files and folders that are either whole or absent, and the cache of what is made once."""

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
    """Returns a name for everything that an entry of the cache depends on.

    Args:
      content: any value that JSON can hold; the order of keys does not matter.

    Returns:
      A digest in hex.

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
    """Makes a folder of the cache, unless it is there as it was made.

    It appears whole or not at all. Of several processes, one makes it while the others wait.
    A folder is used if the length of each file and a sample of its bytes are as they were when it
    was made; otherwise it is made anew.

    Args:
      folder: the folder; it ends in a key of everything it depends on.
      make: writes files into an empty folder; returns facts to keep, as JSON can hold them.
      what: what messages call the content.
      mode: permissions of the folder, before the umask.

    Returns:
      The facts.

    Raises:
      UserError: if the cache cannot be written, or from ``make``.

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
    """Waits until no other process holds a lock, and holds it.

    The lock of a process that dies is free again. Where the lock's file cannot be written, no lock
    is held: whoever cannot write has nothing to keep others from.

    Args:
      path: the file of the lock; it stays when the lock is released.

    Yields:
      Nothing, while no other process holds the lock.
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
    """Gives a file or folder its final name at the end of a block that makes it.

    Args:
      path: the final name; what is there is replaced.
      temporary: the name that the block writes to, in the same folder. What an earlier process left
        there is removed first, and what a block that fails leaves there is removed too.

    Yields:
      Nothing, while the block writes to ``temporary``.

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
    """Returns a file's length and the digest of a sample of its bytes, spread over all of it.

    To read a huge file in full would take minutes at every start.

    Args:
      file: the file.

    Returns:
      ``{"bytes": …, "sample": …}``.
    """
    size = file.stat().st_size
    digest = hashlib.sha256()
    with open(file, "rb") as stream:
        for place in np.linspace(0, max(size - _SAMPLE_BYTES, 0), _SAMPLES).astype(int):
            stream.seek(place)
            digest.update(stream.read(_SAMPLE_BYTES))
    return {"bytes": size, "sample": digest.hexdigest()}


def _facts(folder: pathlib.Path) -> dict[str, Any] | None:
    """Returns the facts of a folder that is as it was made; None for any other."""
    try:
        record = json.loads((folder / _RECORD).read_bytes())
        files = {name: fingerprint(folder / name) for name in record["files"]}
        return record["facts"] if files == record["files"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # What is not a record of ours, in any of the ways in which JSON can differ from one.
        return None


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
        with replacing(path, temporary):
            temporary.write_bytes(content)
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
