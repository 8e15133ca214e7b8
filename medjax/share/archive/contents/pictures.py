"""Checks PNG files before anything decodes them: size, chunks and the length of the pixels."""

import struct
import zlib
from collections.abc import Iterator

from medjax.share.archive.refused import RefusedError

MOST_PIXELS = 2**26
"""The most pixels of a picture; Pillow warns above 89 million."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # grey, RGB, grey and alpha, RGB and alpha
_LAST_FILTER = 4
_MOST_CHUNKS = 2**14
_PIECE = 2**12  # deflate makes at most a thousand bytes of one


def check_png(data: bytes) -> int:
    """Checks a PNG of header, pixels and end alone: texts, times and profiles might name somebody.

    Args:
      data: the file.

    Returns:
      The bytes of its pixels, each row with one more byte.

    Raises:
      RefusedError: if it is another kind of file, has more than ``MOST_PIXELS``, or its pixels are
        more or fewer than its header says.

    Example:
      >>> check_png(b"GIF89a")
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: it is not a PNG
    """
    if not data.startswith(_SIGNATURE):
        raise RefusedError("it is not a PNG")
    chunks = list(_chunks(data))
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or len(chunks[0][1]) != 13 or chunks[-1] != (b"IEND", b""):
        raise RefusedError("it does not start with IHDR and end with IEND")
    if strange := sorted({*kinds[1:-1]} - {b"IDAT"}):
        raise RefusedError(f"it has chunks other than pixels, such as {strange[0]!r}")
    row, height = _rows(chunks[0][1])
    if _inflated([content for _, content in chunks[1:-1]], row, height) != row * height:
        raise RefusedError("its pixels are fewer or more than its header says")
    return row * height


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place, left = len(_SIGNATURE), _MOST_CHUNKS
    while place < len(data):
        if not left:
            raise RefusedError(f"it has more than {_MOST_CHUNKS:,} chunks")
        left -= 1
        if place + 12 > len(data):
            raise RefusedError("its last chunk is cut short")
        length, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + 8 + length]
        end = place + 8 + length
        if data[end : end + 4] != struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))):
            raise RefusedError(f"its chunk {kind!r} is cut short or has another checksum")
        yield kind, content
        place = end + 4


def _rows(header: bytes) -> tuple[int, int]:
    """Returns how many bytes a row of pixels has, with its filter, and how many rows there are."""
    width, height, bits, colours, *rest = struct.unpack(">2I5B", header)
    if not 0 < width * height <= MOST_PIXELS:
        raise RefusedError(f"it has {width:,} × {height:,} pixels; at most {MOST_PIXELS:,} may be")
    if colours not in _CHANNELS or bits not in (8, 16) or rest != [0, 0, 0]:
        raise RefusedError(f"it is stored in another way ({[bits, colours, *rest]})")
    return 1 + width * _CHANNELS[colours] * bits // 8, height


def _inflated(contents: list[bytes], row: int, height: int) -> int:
    """Returns how many bytes the pixels inflate to; stops where there are too many."""
    stream, size, most = zlib.decompressobj(), 0, row * height
    for piece in _pieces(contents):
        if stream.eof:
            raise RefusedError("it has bytes behind its pixels")
        try:
            pixels = stream.decompress(piece, most + 1 - size)
        except zlib.error:
            raise RefusedError("its pixels cannot be inflated") from None
        if max(pixels[-size % row :: row], default=0) > _LAST_FILTER:
            raise RefusedError("a row of its pixels has an unknown filter")
        size += len(pixels)
        if size > most:
            break
    return size if stream.eof and not stream.unused_data else -1


def _pieces(contents: list[bytes]) -> Iterator[bytes]:
    for content in contents:
        for place in range(0, len(content), _PIECE):
            yield content[place : place + _PIECE]
