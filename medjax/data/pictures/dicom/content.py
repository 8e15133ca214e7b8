"""Tells DICOM images by the first bytes of a file, whatever its name is."""

import itertools
import pathlib
from collections.abc import Iterator

SUFFIXES = (".dcm", ".dicom", ".ima")
_HEAD = 1024  # bytes; the class of an object stands in the first few hundred
_PREAMBLE, _PREFIX = 128, b"DICM"
_META, _INDEX = 0x0002, 0x0004  # groups of elements
_FIRST_GROUPS = (_META, _INDEX, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028)
_CLASSES = (0x00020002, 0x00080016)
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_SHORT = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN"),
    *(b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
}
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_INDEX_CLASS, _RAW_DATA = "1.2.840.10008.1.3.10", f"{_STORAGE}66"
# Classes of objects without pixels, and all classes below them (PS3.4 B.5).
_WITHOUT_PIXELS = (
    "1.3.12.2.1107.5.9.1.",  # Siemens' raw data and protocols
    *(f"1.2.840.10008.5.1.4.{number}." for number in (34, 38, 39, 43, 44, 45)),
    *(
        f"{_STORAGE}{number}."
        for number in (
            *("4.2", 8, 9, 10, 129),  # spectra, overlays, waveforms and curves
            *(11, 131, 88, 104),  # presentation states, displays, reports and documents
            *("66.1", "66.2", "66.3", "66.5", "66.6", 67, 68),  # registrations and surfaces
            *("77.1.5.3", 78, 79, "80.1", 90, 91, 200, 201),  # measurements and protocols
            # Radiotherapy's structures, plans and records; its images and doses have pixels.
            *(f"481.{number}" for number in (*range(3, 23), 25)),
        )
    ),
)


def is_dicom(file: pathlib.Path) -> bool:
    """Returns whether a file starts as DICOM does, with or without a preamble."""
    return _start(_head(file)) is not None


def is_image(file: pathlib.Path) -> bool:
    """Returns whether a file is read as a DICOM image, by its first bytes and its suffix.

    The index of a medium, DICOMDIR, is no image, whatever its name is. Without a suffix of DICOM,
    reports and other objects that have no pixels are none either.
    """
    named = file.suffix.lower() in SUFFIXES
    if not file.is_file():
        return named
    try:
        head = _head(file)
    except OSError:  # the decoder fails too, and says why
        return True
    start = _start(head)
    if start is None:
        return named
    name = _object_class(head, start)
    if name == _INDEX_CLASS:
        return False
    return named or not (name == _RAW_DATA or f"{name}.".startswith(_WITHOUT_PIXELS))


def _object_class(head: bytes, start: int) -> str:
    """Returns the class of an object, or nothing if its first elements do not say it."""
    for tag, value in _elements(head, start):
        if tag >> 16 == _INDEX:
            return _INDEX_CLASS
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
