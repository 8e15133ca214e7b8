"""PNG files whose bytes depend on the pixels alone."""

import struct
import zlib

import numpy as np

_COLOURS = {1: 0, 3: 2}  # channels: PNG's number of grey and RGB
_BLOCK = 2**16 - 1


def encode(pixels: np.ndarray) -> bytes:
    """Encodes a picture as a PNG file, without compression.

    Compressors differ between versions of zlib, and gain little on distilled images.

    Args:
      pixels: uint8 ``[h, w, c]``, grey (c = 1) or RGB (c = 3).

    Returns:
      The content of the file.

    Raises:
      ValueError: for another shape or dtype.

    Example:
      >>> import io
      >>> from PIL import Image
      >>> Image.open(io.BytesIO(encode(np.full((2, 3, 1), 7, np.uint8)))).getpixel((2, 1))
      7
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in _COLOURS:
        raise ValueError(f"needs uint8 [h, w, 1 or 3], got {pixels.dtype} {pixels.shape}")
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    unfiltered = np.zeros((height, 1), np.uint8)  # the filter of each row
    rows = np.concatenate([unfiltered, pixels.reshape(height, -1)], axis=1).tobytes()
    chunks = [(b"IHDR", header), (b"IDAT", _stored(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def _stored(content: bytes) -> bytes:
    """Returns a zlib stream of stored blocks."""
    parts = [b"\x78\x01"]
    for start in range(0, len(content), _BLOCK):
        block = content[start : start + _BLOCK]
        last = start + _BLOCK >= len(content)
        parts += [struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block]
    return b"".join([*parts, struct.pack(">I", zlib.adler32(content))])
