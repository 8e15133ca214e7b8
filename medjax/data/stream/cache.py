"""A cache of uncompressed arrays, so that images can be read from disk row by row.

An ``.npz`` can only be read from its start, and a compressed one only as a whole. The cache holds
single arrays of it as plain ``.npy`` files, made once, in pieces of bounded size.
"""

import contextlib
import hashlib
import json
import logging
import os
import pathlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np

from medjax.errors import UserError

_log = logging.getLogger("medjax")
_PIECE_BYTES = 2**22
_SAMPLES, _SAMPLE_BYTES = 64, 2**16


def cache_root(root: str | os.PathLike | None) -> pathlib.Path:
    """The folder of the cache.

    Args:
      root: the folder, or None for ``$MEDJAX_CACHE_DIR``, or else ``medjax`` in the user's cache.

    Returns:
      The folder, which need not exist.

    Example:
      >>> cache_root("scratch").name
      'scratch'
    """
    user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    chosen = root or os.environ.get("MEDJAX_CACHE_DIR") or pathlib.Path(user, "medjax")
    return pathlib.Path(chosen).expanduser()


def open_array(archive: pathlib.Path, name: str, *, digest: str, root: pathlib.Path) -> np.memmap:
    """Opens one array of an ``.npz``, memory-mapped, after unpacking it if need be.

    A file of the cache is used if its length and a sample of its bytes, spread over all of it, are
    as they were when it was made; otherwise it is made anew. It appears whole or not at all, and
    of several processes one makes it while the others wait.

    Args:
      archive: the ``.npz``.
      name: the array's name in it.
      digest: what tells this archive from any other; a folder's name.
      root: the folder of the cache.

    Returns:
      The array, read only.

    Raises:
      UserError: if the cache cannot be written or the archive not be read.
    """
    file = root / "data" / digest / f"{name}.npy"
    if not _intact(file):
        try:
            with alone(file):
                if not _intact(file):  # nobody else made it in the meantime
                    _make(file, archive, name)
        except OSError as error:
            raise UserError(
                f"cannot cache {name} of {archive} in {root}: {error.strerror or error}; "
                "choose a folder with room by data.cache or MEDJAX_CACHE_DIR"
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise UserError(f"{archive} is not a readable .npz file ({error})") from error
    return np.load(file, mmap_mode="r")


@contextlib.contextmanager
def alone(file: pathlib.Path) -> Iterator[None]:
    """Waits until no other process makes a file or folder; one that dies lets others in.

    Args:
      file: what is to be made; the lock lies beside it.

    Yields:
      Nothing, while no other process makes it.
    """
    import fcntl  # here, because Windows lacks it and can do all the rest

    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file.with_suffix(".lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(file: pathlib.Path, archive: pathlib.Path, name: str) -> None:
    """Unpacks the array, piece by piece; to be called alone."""
    temporary = file.with_suffix(".tmp")
    try:
        with zipfile.ZipFile(archive) as files, files.open(f"{name}.npy") as packed:
            size = files.getinfo(f"{name}.npy").file_size
            free = shutil.disk_usage(file.parent).free
            if free < size:
                raise OSError(f"{size / 2**30:.2f} GiB are needed and {free / 2**30:.2f} are free")
            _log.info("cache: unpacking %.2f GiB into %s, once", size / 2**30, file)
            with open(temporary, "wb") as unpacked:
                # The archive's own checksum is compared at the end of the stream.
                shutil.copyfileobj(packed, unpacked, _PIECE_BYTES)
                unpacked.flush()
                os.fsync(unpacked.fileno())
        record = json.dumps(fingerprint(temporary))
        os.replace(temporary, file)
        # The record comes last, so that a file without one is known to be unfinished.
        temporary.write_text(record)
        os.replace(temporary, file.with_suffix(".json"))
    finally:
        temporary.unlink(missing_ok=True)


def _intact(file: pathlib.Path) -> bool:
    """Whether the file is there and as it was made."""
    try:
        return json.loads(file.with_suffix(".json").read_bytes()) == fingerprint(file)
    except (OSError, ValueError):
        return False


def fingerprint(file: pathlib.Path) -> dict[str, int | str]:
    """Length, and the digest of a sample: all of a huge file would take minutes at every start.

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
