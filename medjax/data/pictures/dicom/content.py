"""Tells DICOM images by the first bytes of a file, whatever its name is."""

import gzip
import itertools
import pathlib
import zlib
from collections.abc import Iterator

from medjax.data.pictures.dicom import objects

SUFFIXES = (".dcm", ".dicom", ".ima")
_HEAD = 1024  # bytes; the class of an object stands in the first few hundred
_PREAMBLE, _PREFIX, _GZIP = 128, b"DICM", b"\x1f\x8b"
_META, _INDEX = 0x0002, 0x0004  # groups of elements
_FIRST_GROUPS = (_META, _INDEX, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028)
_CLASSES = (0x00020002, 0x00080016)
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_SHORT = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN"),
    *(b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
}


def is_dicom(file: pathlib.Path) -> bool:
    """Returns whether a file starts as DICOM does, with or without a preamble."""
    return _start(_head(file)) is not None


def is_image(file: pathlib.Path) -> bool:
    """Returns whether a file is read as a DICOM image, by its first bytes and its suffix.

    The index of a medium (DICOMDIR), segmentations, doses, reports and other objects that are no
    images are none, whatever their names are. A file with a suffix of DICOM that starts otherwise
    is an image that is damaged.
    """
    if not file.is_file():
        return file.suffix.lower() in SUFFIXES
    try:
        head = _head(file)
    except OSError:  # the decoder fails too, and says why
        return True
    if _start(head) is None:
        return file.suffix.lower() in SUFFIXES
    return not _kind(head)


def object_kind(file: pathlib.Path) -> str:
    """Returns what a DICOM file is that is no image, as in ``DICOM segmentation``, or nothing.

    It also knows DICOM in gzip, which is not read.
    """
    try:
        head = _head(file)
        if not head.startswith(_GZIP):
            kind = _kind(head)
            return f"DICOM {kind}" if kind else ""
        with gzip.open(file) as stream:
            head = stream.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        return ""
    return "" if _start(head) is None else "DICOM in gzip, to be unpacked"


def _kind(head: bytes) -> str:
    """Returns the kind of an object that is no image, or nothing."""
    start = _start(head)
    return "" if start is None else objects.kind_of(_object_class(head, start))


def _object_class(head: bytes, start: int) -> str:
    """Returns the class of an object, or nothing if its first elements do not say it."""
    for tag, value in _elements(head, start):
        if tag >> 16 == _INDEX:
            return objects.INDEX
        if tag in _CLASSES and (name := value.decode("latin-1").strip("\0 ")):
            return name
    return ""


def _head(file: pathlib.Path) -> bytes:
    with open(file, "rb", buffering=0) as stream:
        return stream.read(_HEAD)


def _start(head: bytes) -> int | None:
    """Returns where the elements start, or None in a file that is not DICOM."""
    if head[_PREAMBLE:].startswith(_PREFIX):
        return _PREAMBLE + len(_PREFIX)
    groups = [tag >> 16 for tag, _ in itertools.islice(_elements(head, 0), 2)]
    return 0 if len(groups) == 2 and set(groups) <= set(_FIRST_GROUPS) else None


def _elements(head: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """Yields the tags and values from a place on, while they are whole and the tags ascend."""
    last = -1
    while place + 8 <= len(head):
        # All groups here are below 256, so that one of their bytes is zero.
        order = "little" if head[place] else "big"
        group = int.from_bytes(head[place : place + 2], order)
        tag = group << 16 | int.from_bytes(head[place + 2 : place + 4], order)
        kind = head[place + 4 : place + 6]
        if kind in _LONG:
            length, start = head[place + 8 : place + 12], place + 12
        elif kind in _SHORT:
            length, start = head[place + 6 : place + 8], place + 8
        else:  # the kinds are left out
            length, start = head[place + 4 : place + 8], place + 8
        if tag <= last:
            return
        last, place = tag, start + int.from_bytes(length, order)
        if place > len(head):
            return
        yield tag, head[start:place]
