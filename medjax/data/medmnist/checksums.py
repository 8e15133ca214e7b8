"""MD5 checksums of data files, and of the files that MedMNIST publishes."""

import functools
import hashlib
import pathlib

from medjax.data.medmnist.registry import REGISTRY, SIZES


def md5(path: pathlib.Path) -> str:
    """Returns the MD5 of a file in hex."""
    new_md5 = functools.partial(hashlib.md5, usedforsecurity=False)  # works in FIPS mode too
    with open(path, "rb") as file:
        return hashlib.file_digest(file, new_md5).hexdigest()


def official_md5(name: str, *, size: int) -> str:
    """Returns the MD5, in hex, of the published file of a registered set at one of ``SIZES``.

    Example:
      >>> official_md5("breastmnist", size=28)
      '750601b1f35ba3300ea97c75c52ff8f6'
    """
    return REGISTRY[name].md5[SIZES.index(size)]
