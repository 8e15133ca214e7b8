"""Takes texts and colour profiles out of PNG files, which Pillow refuses where they are large."""

import io
import pathlib
import struct

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# Pillow finds the orientation of a picture in these.
_TURNING = (b"exif", b"Raw profile type exif", b"XML:com.adobe.xmp")


def without_texts(file: pathlib.Path) -> io.BytesIO | None:
    """Returns a PNG without profile and texts, except texts that may hold its orientation.

    Its pixels stay as they are. It is None for a file that is no PNG.

    Raises:
      OSError: if the disk fails.
    """
    with file.open("rb") as stream:
        if stream.read(len(_SIGNATURE)) != _SIGNATURE:
            return None
        content = memoryview(_SIGNATURE + stream.read())
    kept, place = [content[: len(_SIGNATURE)]], len(_SIGNATURE)
    while place + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        chunk = content[place : place + length + 12]  # with its length, kind and checksum
        if not _is_skipped(kind, chunk[8:]):
            kept.append(chunk)
        place += length + 12
    return io.BytesIO(b"".join(kept))


def _is_skipped(kind: bytes, data: memoryview) -> bool:
    keyword = bytes(data[:80]).split(b"\0")[0]
    return kind == b"iCCP" or (kind in _TEXTS and keyword not in _TURNING)
