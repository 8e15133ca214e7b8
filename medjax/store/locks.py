"""Locks between processes, also where the file system has none."""

import contextlib
import errno
import logging
import pathlib
from collections.abc import Iterator

import filelock

_log = logging.getLogger("medjax")
_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
# Faults of a disk. Whatever else a lock fails with, its file system has no locks: ENOLCK, ENOSYS,
# EOPNOTSUPP, EINVAL and, of NFS on Linux, a number of the kernel's own.
_BROKEN = (errno.EIO, errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def locked(path: pathlib.Path, *, wait: bool = True) -> Iterator[bool]:
    """Waits for a lock between processes, and holds it.

    A process that dies releases its lock. Where the file system has no locks, a second file stands
    in for them: its owner renews it, and it lapses with its owner. No lock is held if no file can
    be written, because then the process cannot write the cache either.

    Args:
      path: the file of the lock; it stays after the release.
      wait: whether to wait while another process holds it.

    Yields:
      Whether the lock is held, as it always is after waiting.

    Raises:
      OSError: if the disk fails.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     with locked(pathlib.Path(folder, "experts.lock")):
      ...         print("alone")
      alone
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = _native_lock(path, wait=wait) or _lease(path, wait=wait)
    except filelock.Timeout:
        yield False
        return
    with lock:
        yield True


def _native_lock(path: pathlib.Path, *, wait: bool) -> contextlib.AbstractContextManager | None:
    """Returns the system's lock; None if the system, the file system or the file has none."""
    if filelock.FileLock is filelock.SoftFileLock:
        return None
    try:
        path.touch()  # filelock's own file would be closed to a group that shares the cache
        return _acquire(filelock.FileLock(path, fallback_to_soft=False), wait=wait)
    except filelock.Timeout:  # an OSError, too
        raise
    except OSError as error:
        if error.errno in _BROKEN:
            raise
        return None


def _lease(path: pathlib.Path, *, wait: bool) -> contextlib.AbstractContextManager:
    try:
        return _acquire(filelock.SoftFileLease(path.with_name(f"{path.name}.held")), wait=wait)
    except OSError as error:
        if error.errno in _UNWRITABLE:
            return contextlib.nullcontext()
        raise


def _acquire(lock: filelock.BaseFileLock, *, wait: bool) -> contextlib.AbstractContextManager:
    try:
        return lock.acquire(blocking=False)
    except filelock.Timeout:
        if not wait:
            raise
        _log.info("cache: waiting for another process, which holds %s", lock.lock_file)
        return lock.acquire()
