"""The one form that a bundle has: a zip file of which every byte follows from its entries.

All entries are stored, in the given order, without gaps. Dates, systems and permissions are
constants. What is read is compared with what would be written: nothing else is interpreted.
"""

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, NamedTuple

from medjax.errors import UserError
from medjax.share.archive import names
from medjax.share.archive.fields import Field, Record
from medjax.share.archive.refused import RefusedError

MOST_ENTRIES = 2**15
"""The most entries of a file."""
MOST_BYTES = 2**31 - 1
"""The most bytes of a file, which therefore never needs zip64."""

_ENTRY = [
    Field("version", "H", 20),
    Field("flags", "H"),
    Field("method of compression", "H", 0),
    Field("time", "H", 0),
    Field("date", "H", 1 << 5 | 1),  # 1980-01-01, the first day of zip
    Field("checksum", "L"),
    Field("compressed size", "L"),
    Field("size", "L"),
    Field("length of the name", "H"),
    Field("length of the extra field", "H", 0),
]
_HEADER = Record([Field("signature", "4s", b"PK\3\4"), *_ENTRY])
_LISTED = Record(
    [
        Field("signature", "4s", b"PK\1\2"),
        Field("system", "H", 3 << 8 | 20),  # Unix
        *_ENTRY,
        Field("length of the comment", "H", 0),
        Field("disk", "H", 0),
        Field("internal attributes", "H", 0),
        Field("kind of file and permissions", "L", 0o644 << 16),
        Field("offset", "L"),
    ]
)
_SIGNATURE = b"PK\5\6"
_END = Record(
    [
        Field("signature", "4s", _SIGNATURE),
        Field("disk", "H", 0),
        Field("disk of the directory", "H", 0),
        Field("number of entries on this disk", "H"),
        Field("number of entries", "H"),
        Field("size of the directory", "L"),
        Field("offset of the directory", "L"),
        Field("length of the comment", "H", 0),
    ]
)
_MOST_COMMENT = 2**16 - 1  # bytes behind the end of a zip file
_UTF_8 = 1 << 11  # the flag of names beyond ASCII


class Member(NamedTuple):
    """What a directory says about one entry.

    Attributes:
      name: its name.
      crc: the CRC-32 of its bytes.
      size: how many bytes it has.
    """

    name: str
    crc: int
    size: int

    @property
    def header(self) -> bytes:
        """What stands before the bytes of the entry."""
        return _HEADER.packed(self._varying()) + self.name.encode()

    def listed(self, offset: int) -> bytes:
        """Returns what the directory says of an entry whose header has an offset."""
        return _LISTED.packed({**self._varying(), "offset": offset}) + self.name.encode()

    def _varying(self) -> dict[str, int]:
        return {
            "flags": 0 if self.name.isascii() else _UTF_8,
            "checksum": self.crc,
            "compressed size": self.size,
            "size": self.size,
            "length of the name": len(self.name.encode()),
        }


def rendered(entries: Mapping[str, bytes]) -> bytes:
    """Returns the bytes of a file with some entries, in their order.

    Args:
      entries: the bytes of each entry by its name.

    Raises:
      UserError: if they are too many or too long.

    Example:
      >>> import io, zipfile
      >>> zipfile.ZipFile(io.BytesIO(rendered({"a.txt": b"one"}))).read("a.txt")
      b'one'
    """
    members = [Member(name, zlib.crc32(data), len(data)) for name, data in entries.items()]
    size = sum(len(m.header) + m.size + len(m.listed(0)) for m in members) + _END.size
    if len(members) > MOST_ENTRIES or size > MOST_BYTES:
        raise UserError(
            f"{len(members):,} entries of {size:,} bytes are too much for one file; at most "
            f"{MOST_ENTRIES:,} entries of {MOST_BYTES:,} bytes fit"
        )
    listed, offset = [], 0
    for member in members:
        listed.append(member.listed(offset))
        offset += len(member.header) + member.size
    directory = b"".join(listed)
    parts = (part for m in members for part in (m.header, entries[m.name]))
    return b"".join([*parts, directory, _end(len(members), len(directory), offset)])


def members_of(stream: IO[bytes]) -> list[Member]:
    """Returns the entries of a file, all of whose bytes outside their contents are compared.

    Args:
      stream: the file. Only its directory and its headers are read, and nothing is allocated for
        contents.

    Raises:
      RefusedError: if ``rendered`` would not write the file.
    """
    count, length, start = _directory(stream)
    members = list(_members(_taken(stream, start, length), count))
    offset = 0
    for member in members:
        found = _taken(stream, offset, len(member.header))
        _HEADER.compare(f"the header of {member.name!r}", found, member.header)
        offset += len(found) + member.size
    if offset != start:
        raise RefusedError(f"its directory starts at {start:,}, but its entries end at {offset:,}")
    return members


def contents_of(stream: IO[bytes], members: Iterable[Member]) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the bytes of each entry of a file that ``members_of`` has checked.

    Args:
      stream: the file.
      members: its entries, all of them, in their order.

    Raises:
      RefusedError: if the bytes have another checksum.
    """
    offset = 0
    for member in members:
        offset += len(member.header)
        data = _taken(stream, offset, member.size)
        if zlib.crc32(data) != member.crc:
            raise RefusedError(f"the bytes of {member.name!r} have another checksum")
        offset += member.size
        yield member.name, data


def loose_directory(stream: IO[bytes]) -> bytes | None:
    """Returns the directory of any zip file, unchecked, to guess what file it is.

    Args:
      stream: the file.

    Returns:
      Its bytes; none if there is no directory, or that of zip64. ``None`` if it is larger than a
      bundle can have.
    """
    size = stream.seek(0, os.SEEK_END)
    start = stream.seek(max(0, size - _END.size - _MOST_COMMENT))
    tail = stream.read()
    place = tail.rfind(_SIGNATURE)
    if not 0 <= place <= len(tail) - _END.size:
        return b""
    end = _END.unpacked(tail[place:])
    length = end["size of the directory"]
    if length > start + place:  # as in zip64
        return b""
    if length > MOST_ENTRIES * (_LISTED.size + names.LONGEST):
        return None
    stream.seek(start + place - length)
    return stream.read(length)


def _directory(stream: IO[bytes]) -> tuple[int, int, int]:
    """Returns how many entries the directory has, its bytes, and where it starts."""
    size = stream.seek(0, os.SEEK_END)
    if not _END.size <= size <= MOST_BYTES:
        raise RefusedError(f"it has {size:,} bytes; a bundle has {_END.size} to {MOST_BYTES:,}")
    found = _taken(stream, size - _END.size, _END.size)
    end = _END.unpacked(found)
    if end["signature"] != _SIGNATURE:
        raise RefusedError("it is cut short, has bytes or a comment at its end, or is no zip file")
    count, length = end["number of entries"], end["size of the directory"]
    start = end["offset of the directory"]
    _END.compare("its end", found, _end(count, length, start))
    if start + length + _END.size != size:
        raise RefusedError("it has bytes before its entries, or behind its directory")
    if count > MOST_ENTRIES or length > count * (_LISTED.size + names.LONGEST):
        raise RefusedError(f"its directory of {count:,} entries has {length:,} bytes, too many")
    return count, length, start


def _members(directory: bytes, count: int) -> Iterator[Member]:
    """Yields the entries of a directory, each of them checked."""
    place = offset = 0
    for number in range(count):
        if place + _LISTED.size > len(directory):
            raise RefusedError(f"its directory lists {number:,} entries instead of {count:,}")
        listed = _LISTED.unpacked(directory[place : place + _LISTED.size])
        size = _LISTED.size + listed["length of the name"]
        found = directory[place : place + size]
        member = Member(names.decoded(found[_LISTED.size :]), listed["checksum"], listed["size"])
        _LISTED.compare(f"the entry {member.name!r}", found, member.listed(offset))
        place, offset = place + size, offset + len(member.header) + member.size
        if offset > MOST_BYTES:
            raise RefusedError(f"its entries claim more than {MOST_BYTES:,} bytes")
        yield member
    if place != len(directory):
        raise RefusedError("its directory has bytes behind its last entry")


def _end(count: int, length: int, start: int) -> bytes:
    return _END.packed(
        {
            "number of entries on this disk": count,
            "number of entries": count,
            "size of the directory": length,
            "offset of the directory": start,
        }
    )


def _taken(stream: IO[bytes], place: int, size: int) -> bytes:
    stream.seek(place)
    found = stream.read(size)
    if len(found) != size:
        raise RefusedError("it is cut short")
    return found
