"""Checks npz files: the form of a bundle, of plain arrays whose headers agree with their sizes."""

import io
import math
import re
import warnings

from medjax.data.damaged import NPZ_ERRORS
from medjax.data.npz.archive import Header, npy_header
from medjax.share.archive.form import MOST_BYTES, contents_of, members_of
from medjax.share.archive.refused import RefusedError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\.npy")
_VERSION = b"\x93NUMPY\1\0"
_WIDEST = {"i": 8, "u": 8, "f": 8, "U": 2**16}  # bytes of one element
_MOST_ARRAYS, _MOST_AXES = 64, 8


def check_npz(data: bytes) -> int:
    """Checks an npz file, for which nothing is allocated beyond its own bytes.

    Args:
      data: the file.

    Returns:
      Its bytes.

    Raises:
      RefusedError: if it is not in the form of a bundle (``form.rendered``, in any order), or holds
        anything but arrays of numbers or texts, stored by rows, whose headers agree with their
        sizes.

    Example:
      >>> import numpy as np
      >>> stream = io.BytesIO()
      >>> np.savez_compressed(stream, a=np.arange(3))
      >>> check_npz(stream.getvalue())
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: the entry 'a.npy' has ... as its ...
    """
    stream = io.BytesIO(data)
    members = members_of(stream)
    names = {member.name for member in members}
    if len(members) > _MOST_ARRAYS or len(names) < len(members):
        raise RefusedError(f"it has {len(members):,} arrays, too many, or one of them twice")
    for name in names:
        if not _NAME.fullmatch(name):
            raise RefusedError(f"{name!r} is no name of an array")
    for name, array in contents_of(stream, members):
        if reason := _problem(array):
            raise RefusedError(f"the array {name!r} {reason}")
    return len(data)


def _problem(array: bytes) -> str | None:
    """Returns what is wrong with an array of an npz file, or ``None``."""
    stream = io.BytesIO(array)
    if not array.startswith(_VERSION):
        return "has no header of an array of version 1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            header = npy_header(stream)
    except (*NPZ_ERRORS, MemoryError, Warning):
        return "has no header of an array"
    kind, width = header.dtype.kind, header.dtype.itemsize
    if header.dtype.str[0] not in "<|" or not 0 < width <= _WIDEST.get(kind, 0):
        return f"has the dtype {header.dtype.str!r}, which is none of plain numbers or text"
    if header.fortran:
        return "is stored by columns"
    if len(header.shape) > _MOST_AXES or _most(header) > MOST_BYTES:
        return f"has the shape {header.shape}, which is too large"
    if stream.tell() + header.nbytes != len(array):
        return f"has {len(array):,} bytes, but its header says {stream.tell() + header.nbytes:,}"
    if kind == "U" and not _is_text(array[stream.tell() :]):
        return "has text that is no Unicode"
    return None


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-32-le").encode()
    except UnicodeError:
        return False
    return True


def _most(header: Header) -> int:
    """Returns the bytes of an array whose empty axes had one element."""
    if min(header.shape, default=0) < 0:
        return MOST_BYTES + 1
    return math.prod(max(side, 1) for side in header.shape) * header.dtype.itemsize
