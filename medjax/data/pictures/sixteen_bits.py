"""Reads values of 16 bits where Pillow keeps their upper bytes: colours, and greys with an alpha.

Pillow unpacks the bytes of either order to the upper ones. So a second look at the file, in the
wrong order, gives the lower ones.
"""

import io
import struct
import sys
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from medjax.data.damaged import decoding_errors

_SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_COLOURS = tuple(f"{mode};16{order}" for mode in ("RGB", "RGBA", "RGBX") for order in _SWAPPED)
_GREY_AND_ALPHA = "LA;16B"
_HEADER, _END = 16, 29  # of a PNG: from the width up to the checksum


def is_grey(image: Image.Image) -> bool:
    """Returns whether an opened file holds greys of 16 bits with an alpha."""
    return _packing(image) == _GREY_AND_ALPHA


def is_halved(image: Image.Image) -> bool:
    """Returns whether Pillow would keep 8 of the 16 bits of an opened file."""
    return _packing(image) in (*_COLOURS, _GREY_AND_ALPHA)


def read(image: Image.Image, decode: Callable[[Image.Image], np.ndarray]) -> np.ndarray:
    """Returns all 16 bits of a file that ``is_halved``, uint16 ``[h, w]`` or ``[h, w, 3]``.

    Args:
      image: the opened file, not decoded yet.
      decode: returns the pixels of an opened file in its own mode.
    """
    with decoding_errors():
        place = image.fp.tell()
        image.fp.seek(0)
        content = image.fp.read()
        image.fp.seek(place)
    if is_grey(image):
        with decoding_errors(), Image.open(io.BytesIO(_as_bytes(content))) as pairs:
            found = decode(pairs)
        return _joined(found[..., 0], found[..., 1])
    with decoding_errors(), Image.open(io.BytesIO(content), formats=[image.format]) as other:
        for place, (*where, arguments) in enumerate(other.tile):
            make = getattr(other.tile[place], "_make", tuple)  # a plain one in Pillow before 11.1
            other.tile[place] = make((*where, _swapped(arguments)))
        return _joined(decode(image)[..., :3], decode(other)[..., :3])


def _packing(image: Image.Image) -> str:
    """Returns how the values of an opened file are packed, if Pillow says so."""
    tiles = getattr(image, "tile", ())
    packing = tiles[0][3] if tiles and image.format in ("PNG", "TIFF") else ""
    packing = packing[0] if isinstance(packing, tuple) and packing else packing
    return packing if isinstance(packing, str) else ""


def _swapped(arguments: str | tuple) -> str | tuple:
    """Returns the arguments of a decoder with the other order of bytes."""
    if isinstance(arguments, tuple):
        return (_swapped(arguments[0]), *arguments[1:])
    return arguments[:-1] + _SWAPPED[arguments[-1]]


def _as_bytes(content: bytes) -> bytes:
    """Returns a PNG of grey and alpha in 16 bits as one of four channels in 8 bits."""
    header = bytearray(content[_HEADER - 4 : _END])  # with its kind, as in the checksum
    header[-5:-3] = 8, 6
    checksum = struct.pack(">I", zlib.crc32(header))
    return content[: _HEADER - 4] + bytes(header) + checksum + content[_END + 4 :]


def _joined(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    return upper.astype(np.uint16) << 8 | lower
