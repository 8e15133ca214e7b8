"""Whether images of a size have room in memory and on the disk, asked before any is made."""

import math
import pathlib
import shutil

from medjax import planning
from medjax.errors import UserError

_GIB = 2**30
_FLOAT = 4  # bytes of a value while a picture is resized


def check_disk(count: int, shape: tuple[int, ...], folder: pathlib.Path) -> None:
    """Raises ``UserError`` if a disk lacks room for ``count`` images ``[h, w, c]`` of bytes.

    Args:
      count: the number of images.
      shape: the shape of each.
      folder: a folder on the disk.
    """
    needed, free = count * math.prod(shape), shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{_images(count, shape)} take {_gib(needed)} in the cache, and its disk has "
            f"{_gib(free)} free: choose a smaller data.size or resize, or another folder with "
            "data.cache or MEDJAX_CACHE_DIR"
        )


def check_memory(count: int, shape: tuple[int, ...], *, floats: int = 0) -> None:
    """Raises ``UserError`` if images ``[h, w, c]`` are more than the memory that is available.

    Args:
      count: how many images are in memory at once, as bytes.
      shape: the shape of each.
      floats: how many more are in memory as floats.
    """
    needed = math.prod(shape) * (count + _FLOAT * floats)
    available = planning.available_memory()
    if needed > available:
        raise UserError(
            f"{_images(count, shape)} take {_gib(needed)} of memory at once, and {_gib(available)} "
            "are available: choose a smaller data.size or resize"
        )


def _images(count: int, shape: tuple[int, ...]) -> str:
    return f"{count:,} images of {'×'.join(map(str, shape))}"


def _gib(size: int) -> str:
    return f"{size / _GIB:,.3g} GiB" if size < 1000 * _GIB else f"{size / _GIB:,.0f} GiB"
