"""Reads the text of a table: packed or not, in any usual encoding."""

import codecs
import gzip
import pathlib
import zlib

from medjax.errors import UserError

WESTERN = "cp1252"
_MARKS = (  # the mark of UTF-32 starts with that of UTF-16
    *((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32")),
    *((codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16")),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_LOOKED_AT = 10_000  # bytes that tell UTF-16 without a mark


def read_text(path: pathlib.Path) -> tuple[str, str]:
    """Reads the text of a file, which gzip may have packed.

    Args:
      path: the file.

    Returns:
      The text, and its encoding as Python calls it: UTF-8, UTF-16 or UTF-32, or else ``WESTERN``.

    Raises:
      UserError: if the file is missing or is no text.
    """
    content = _content(path)
    if content.startswith(_ZIP):
        raise UserError(
            f"cannot read the table {path}: it is a zip file, as spreadsheets are; save it as CSV, "
            "or unpack it"
        )
    for encoding in (_encoding(content), WESTERN):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise UserError(f"cannot read the table {path}: it is no text; save it as CSV in UTF-8")


def _content(path: pathlib.Path) -> bytes:
    """Returns the bytes of a file, unpacked if it is packed by gzip."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the table {path}: {error.strerror}") from error
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"cannot read the table {path}: it is packed by gzip, and damaged or cut short"
        ) from error


def _encoding(content: bytes) -> str:
    """Returns the encoding that a mark at the start tells, or the zero bytes of UTF-16."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    start = content[:_LOOKED_AT]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if 2 * start[first::2].count(0) > len(start[first::2]):
            return encoding
    return "utf-8"
