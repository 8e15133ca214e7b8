"""The one form that a bundle has: a zip file of which every byte follows from its entries.

All entries are stored, in a given order, without gaps; dates, systems and permissions are constants.
What is read is compared with what would be written, so that nothing else is ever interpreted.
"""

import io
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, NamedTuple

from medjax.errors import UserError
from medjax.share.archive import names

MOST_ENTRIES = 2**15
"""The most entries of a file."""
MOST_BYTES = 2**31 - 1
"""The most bytes of a file, which is therefore no zip64."""

_ENTRY = (
    ("version", "H", 20),
    ("flags", "H", None),
    ("method of compression", "H", 0),
    ("time", "H", 0),
    ("date", "H", 1 << 5 | 1),  # 1980-01-01, the first day of zip
    ("checksum", "L", None),
    ("stored size", "L", None),
    ("size", "L", None),
    ("length of the name", "H", None),
    ("length of the extra field", "H", 0),
)
_HEADER = (("signature", "4s", b"PK\3\4"), *_ENTRY)
_RECORD = (
    ("signature", "4s", b"PK\1\2"),
    ("system that wrote it", "H", 3 << 8 | 20),  # Unix
    *_ENTRY,
    ("length of the comment", "H", 0),
    ("number of the disk", "H", 0),
    ("internal attributes", "H", 0),
    ("kind of file and permissions", "L", 0o644 << 16),
    ("offset", "L", None),
)
_END = (
    ("signature", "4s", b"PK\5\6"),
    ("number of the disk", "H", 0),
    ("disk of the directory", "H", 0),
    ("number of entries on this disk", "H", None),
    ("number of entries", "H", None),
    ("size of the directory", "L", None),
    ("offset of the directory", "L", None),
    ("length of the comment", "H", 0),
)
_NOT_ASCII = 1 << 11  # the flag of names in UTF-8


class BadBundleError(UserError):
    """A file that no bundle is; the message is the reason alone."""


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
        return _packed(_HEADER, self._varying()) + self.name.encode()

    def record(self, offset: int) -> bytes:
        """Returns the record in the directory of an entry whose header has an offset."""
        return _packed(_RECORD, self._varying() | {"offset": offset}) + self.name.encode()

    def _varying(self) -> dict[str, int]:
        sizes = {"stored size": self.size, "size": self.size}
        flags = {"flags": 0 if self.name.isascii() else _NOT_ASCII}
        return {"checksum": self.crc, "length of the name": len(self.name.encode())} | sizes | flags


def rendered(entries: Mapping[str, bytes]) -> bytes:
    """Returns the bytes of a file with some entries, in their order.

    Raises:
      UserError: if there is too much of it.

    Example:
      >>> import zipfile
      >>> zipfile.ZipFile(io.BytesIO(rendered({"a.txt": b"one"}))).read("a.txt")
      b'one'
    """
    members = [Member(name, zlib.crc32(data), len(data)) for name, data in entries.items()]
    parts = [part for m in members for part in (m.header, entries[m.name])]
    parts += _directory(members)
    if len(members) > MOST_ENTRIES or sum(map(len, parts)) > MOST_BYTES:
        raise UserError(
            f"{len(members):,} entries of {sum(m.size for m in members):,} bytes are too much for "
            f"one bundle; the most is {MOST_ENTRIES:,} entries of {MOST_BYTES:,} bytes together"
        )
    return b"".join(parts)


def members_of(stream: IO[bytes]) -> list[Member]:
    """Returns the entries of a file after each of its bytes outside their contents was compared.

    Args:
      stream: the file; nothing of it is read but the directory and the headers.

    Raises:
      BadBundleError: if the file is not what ``rendered`` writes.
    """
    size = stream.seek(0, os.SEEK_END)
    length = struct.calcsize(_format(_END))
    if not length <= size <= MOST_BYTES:
        raise BadBundleError(f"it has {size:,} bytes, but a bundle {length} to {MOST_BYTES:,}")
    end = _taken(stream, size - length, length)
    _, _, _, _, count, span, start, _ = struct.unpack(_format(_END), end)
    _compare("the end of the file", end, _END, _end(count, span, start))
    if start + span + length != size:
        raise BadBundleError("bytes stand before its entries, or behind its directory")
    if count > MOST_ENTRIES or span > count * (struct.calcsize(_format(_RECORD)) + names.LONGEST):
        raise BadBundleError(f"its directory of {count:,} entries has {span:,} bytes, too many")
    members = list(_recorded(_taken(stream, start, span), count))
    offset = 0
    for member in members:
        found = _taken(stream, offset, len(member.header))
        _compare(f"the header of {member.name!r}", found, _HEADER, member.header)
        offset += len(found) + member.size
    if offset != start:
        raise BadBundleError(
            f"its directory starts at {start:,}, but its entries end at {offset:,}"
        )
    return members


def contents_of(stream: IO[bytes], members: Iterable[Member]) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the bytes of each entry of a file that ``members_of`` has checked.

    Raises:
      BadBundleError: if the bytes have another checksum.
    """
    offset = 0
    for member in members:
        offset += len(member.header)
        data = _taken(stream, offset, member.size)
        if zlib.crc32(data) != member.crc:
            raise BadBundleError(f"the bytes of {member.name!r} have another checksum")
        offset += member.size
        yield member.name, data


def _recorded(directory: bytes, count: int) -> Iterator[Member]:
    """Yields the entries that a directory lists, whose names and records it checks."""
    place, offset, length = 0, 0, struct.calcsize(_format(_RECORD))
    for number in range(count):
        if place + length > len(directory):
            raise BadBundleError(f"its directory lists {number:,} entries of {count:,}")
        fixed = directory[place : place + length]
        values = dict(zip((field[0] for field in _RECORD), struct.unpack(_format(_RECORD), fixed)))
        span = length + values["length of the name"]
        record = directory[place : place + span]
        name = names.decoded(record[length:])
        member = Member(name, values["checksum"], values["size"])
        _compare(f"the record of {name!r}", record, _RECORD, member.record(offset))
        yield member
        place, offset = place + span, offset + len(member.header) + member.size
        if offset > MOST_BYTES:
            raise BadBundleError(f"its entries claim more than {MOST_BYTES:,} bytes")
    if place != len(directory):
        raise BadBundleError("its directory has bytes behind its last entry")


def _directory(members: Iterable[Member]) -> list[bytes]:
    records, offset = [], 0
    for member in members:
        records.append(member.record(offset))
        offset += len(member.header) + member.size
    return [*records, _end(len(records), sum(map(len, records)), offset)]


def _end(count: int, span: int, start: int) -> bytes:
    numbers = {"number of entries on this disk": count, "number of entries": count}
    return _packed(
        _END, numbers | {"size of the directory": span, "offset of the directory": start}
    )


def _compare(what: str, found: bytes, fields: tuple, wanted: bytes) -> None:
    """Refuses bytes that differ, with the name of the first field that does."""
    if found == wanted:
        return
    length = struct.calcsize(_format(fields))
    if len(found) >= length:
        pairs = (struct.unpack(_format(fields), x[:length]) for x in (found, wanted))
        for (field, _, _), one, other in zip(fields, *pairs, strict=True):
            if one != other:
                raise BadBundleError(f"{what} has {one!r} as {field}, but {other!r} is written")
    raise BadBundleError(f"{what} is cut short or has another name")


def _packed(fields: tuple, varying: Mapping[str, Any]) -> bytes:
    return struct.pack(
        _format(fields), *(varying.get(name, constant) for name, _, constant in fields)
    )


def _format(fields: tuple) -> str:
    return "<" + "".join(kind for _, kind, _ in fields)


def _taken(stream: IO[bytes], place: int, size: int) -> bytes:
    stream.seek(place)
    found = stream.read(size)
    if len(found) != size:
        raise BadBundleError("it is cut short")
    return found
