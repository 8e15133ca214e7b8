"""Uncompressed arrays in the cache, so that images can be read from disk row by row.

An ``.npz`` can only be read from its start, and a compressed one only as a whole. The cache holds
single arrays of it as ``.npy`` files.
"""

import logging
import os
import pathlib
import shutil
import zipfile
import zlib
from typing import NamedTuple

import numpy as np

from medjax import store
from medjax.data.npz.archive import unreadable

_log = logging.getLogger("medjax")
_PIECE_BYTES = 2**22


class Streaming(NamedTuple):
    """Which images stay on disk, and where.

    Attributes:
      above: a split whose images take more bytes than this stays on disk.
      cache: folder of the uncompressed files; None for ``$MEDJAX_CACHE_DIR``, or else ``medjax``
        in the user's cache.
    """

    above: int
    cache: str | os.PathLike | None = None


def open_array(archive: pathlib.Path, name: str, *, digest: str, root: pathlib.Path) -> np.memmap:
    """Opens one array of an ``.npz`` memory-mapped and read only; unpacks it first if necessary.

    Args:
      archive: the ``.npz``.
      name: the name of the array.
      digest: the digest of the archive, which names a folder of the cache.
      root: the folder of the cache.

    Raises:
      UserError: if the cache cannot be written or the archive cannot be read.
    """
    folder = root / "data" / digest / name

    def make(temporary: pathlib.Path) -> dict[str, str]:
        _unpack(archive, name, temporary / f"{name}.npy")
        return {"archive": str(archive)}

    try:
        store.make_once(folder, make, what=f"{name} of {archive}")
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise unreadable(archive, str(error)) from error
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def _unpack(archive: pathlib.Path, name: str, file: pathlib.Path) -> None:
    """Unpacks the array in pieces of bounded size."""
    with zipfile.ZipFile(archive) as files, files.open(f"{name}.npy") as packed:
        size = files.getinfo(f"{name}.npy").file_size
        free = shutil.disk_usage(file.parent).free
        if free < size:
            raise OSError(f"{size / 2**30:.2f} GiB are needed and {free / 2**30:.2f} are free")
        _log.info("cache: unpacking %.2f GiB into %s, once", size / 2**30, file.parent)
        with open(file, "wb") as unpacked:
            # The archive's own checksum is compared at the end of the stream.
            shutil.copyfileobj(packed, unpacked, _PIECE_BYTES)
