"""JPEGs of colours, which say themselves how these are coded."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from medjax.data.damaged import decoding_errors
from medjax.data.pictures import pixel_limit

_START_OF_SCAN, _JFIF, _ADOBE = 0xDA, 0xE0, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RGB = (b"RGB", b"rgb")


def decode(stream: bytes) -> np.ndarray:
    """Returns the red, green and blue of a JPEG, ``[h, w, 3]``, by its own marks."""
    try:
        with decoding_errors(), Image.open(io.BytesIO(stream), formats=("JPEG",)) as image:
            return np.asarray(image.convert("RGB"))
    except Image.DecompressionBombError as error:
        raise pixel_limit.exceeded() from error


def is_ycbcr(stream: bytes) -> bool | None:
    """Returns whether a JPEG of three colours is YCbCr, or RGB; None if nothing in it says so.

    Components that are called R, G and B are a sign of RGB. Colours with fewer samples than others,
    and the mark of JFIF, are signs of YCbCr. The mark of Adobe says which it is.
    """
    jfif, names, factors = False, b"", set()
    for marker, content in _segments(stream):
        jfif = jfif or (marker == _JFIF and content.startswith(b"JFIF"))
        if marker in _FRAMES:
            names, factors = content[6::3], set(content[7::3])
    if names in _RGB:
        return False
    if jfif or len(factors) > 1:
        return True
    transform = _adobe_transform(stream)
    return None if transform is None else transform != 0


def is_turned_by_pillow(stream: bytes) -> bool:
    """Returns whether pydicom's use of Pillow makes RGB of a JPEG, or fails to decode it."""
    return _adobe_transform(stream) is not None or is_ycbcr(stream) is False


def _adobe_transform(stream: bytes) -> int | None:
    """Returns Adobe's number of a JPEG's colours, 0 for RGB; None without Adobe's mark."""
    for marker, content in _segments(stream):
        if marker == _ADOBE and content.startswith(b"Adobe") and len(content) > 11:
            return content[11]
    return None


def _segments(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields the markers before the first scan, each with its content."""
    place = 2
    while place + 4 <= len(stream) and stream[place] == 0xFF:
        marker = stream[place + 1]
        if marker == _START_OF_SCAN:
            return
        if marker == 0xFF:  # markers may be filled up
            place += 1
            continue
        end = place + 2 + int.from_bytes(stream[place + 2 : place + 4], "big")
        yield marker, stream[place + 4 : end]
        place = end
