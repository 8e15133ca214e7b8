"""Locates data files, and downloads those of registered sets."""

import os
import pathlib
import sys

from medjax import store
from medjax.data.medmnist import checksums
from medjax.data.medmnist.registry import SIZES
from medjax.errors import UserError

_RECORD = "https://zenodo.org/records/10519652/files"


def data_root(root: str | os.PathLike | None) -> pathlib.Path:
    """Returns the folder of data files, which may not exist.

    It is ``root`` or, if that is None, ``$MEDJAX_DATA_DIR`` or else ``~/.medmnist``, the folder of
    the ``medmnist`` package.

    Raises:
      UserError: if the folder is below ``~`` and there is no home directory.

    Example:
      >>> data_root("images").name
      'images'
    """
    if root := root or os.environ.get("MEDJAX_DATA_DIR"):
        return store.expand_user(root)
    try:
        return pathlib.Path("~/.medmnist").expanduser()
    except RuntimeError as error:
        raise UserError(
            "this user has no home directory for data files: name their folder by data.root or "
            "MEDJAX_DATA_DIR"
        ) from error


def file_name(name: str, *, size: int) -> str:
    """Returns MedMNIST's file name: ``name.npz`` for 28 pixels, otherwise ``name_size.npz``.

    Example:
      >>> file_name("breastmnist", size=28), file_name("breastmnist", size=64)
      ('breastmnist.npz', 'breastmnist_64.npz')
    """
    return f"{name}.npz" if size == SIZES[0] else f"{name}_{size}.npz"


def url(name: str, *, size: int) -> str:
    """Returns the address at which the file of a registered set is published.

    Example:
      >>> url("breastmnist", size=64)
      'https://zenodo.org/records/10519652/files/breastmnist_64.npz?download=1'
    """
    return f"{_RECORD}/{file_name(name, size=size)}?download=1"


def download(name: str, *, size: int, path: pathlib.Path) -> None:
    """Downloads the published file of a registered set to ``path``.

    The bytes go to a temporary file in the same folder, which is created if missing. The file is
    renamed once its MD5 is right, so ``path`` is either complete or absent. A terminal shows a
    progress bar.

    Raises:
      UserError: if the file cannot be fetched or written, or its MD5 is wrong; the message gives
        the address and the path for a download by hand.
    """
    import pooch  # most loads find their file and need no network library

    address = url(name, size=size)
    by_hand = f"fetch {address} by hand and put it at {path}"
    try:
        pooch.retrieve(
            address,
            known_hash=f"md5:{checksums.official_md5(name, size=size)}",
            fname=path.name,
            path=path.parent,
            downloader=pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=1 << 16),
        )
        path.chmod(0o644)  # temporary files are private; a data root is often shared
    except (OSError, ValueError) as error:  # the network or disk failed, or the MD5 is wrong
        failed = "cannot download" if isinstance(error, OSError) else "refused the download of"
        reason = " ".join(str(error).split())
        raise UserError(f"{failed} {name} ({reason}); {by_hand}") from error
