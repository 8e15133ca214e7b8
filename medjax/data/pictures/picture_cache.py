"""The cache of converted pictures: the arrays of a set are made once and then mapped from disk.

The bytes of the pictures are not read again to see whether they have changed, which would take as
long as reading the set from its disk: their names, sizes, and times of modification and of change
tell.
"""

import functools
import importlib.metadata
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from medjax import store

_VERSION = 7  # increases when the same source gives other arrays
# The packages that decode and prepare; with others installed, other files may be readable.
_DECODERS = (
    *("pillow", "pydicom", "pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg"),
    *("python-gdcm", "nibabel", "scikit-image"),
)


def key_of(content: Any) -> str:
    """Returns the digest of what a conversion depends on: JSON, and the installed decoders."""
    installed = {name: _version(name) for name in _DECODERS}
    return store.key_of([_VERSION, installed, content])


@functools.cache
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def arrays(
    key: str, make: Callable[[pathlib.Path], Mapping[str, Any]], *, root: pathlib.Path
) -> tuple[dict[str, np.memmap], dict[str, Any]]:
    """Opens the arrays of a key, and makes them first if the cache lacks them.

    Args:
      key: from ``key_of``.
      make: writes ``.npy`` files into an empty folder, and returns facts to keep as JSON.
      root: the folder of the cache.

    Returns:
      The arrays by name, memory-mapped and read only, and the facts.
    """
    folder = root / "data" / key
    # Only the user may see patients' images.
    facts = store.make_once(folder, make, what="the converted images", mode=0o700)
    opened = {file.stem: np.load(file, mmap_mode="r") for file in sorted(folder.glob("*.npy"))}
    return opened, facts
