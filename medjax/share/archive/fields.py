"""Records of named numbers, of which some are always the same."""

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from medjax.share.archive.refused import RefusedError


class Field(NamedTuple):
    """One number of a record.

    Attributes:
      name: what it is.
      kind: its format in ``struct``.
      constant: its value; ``None`` if it varies.
    """

    name: str
    kind: str
    constant: Any = None


class Record:
    """A record of fields, little-endian and without gaps.

    Attributes:
      size: its bytes.

    Example:
      >>> record = Record([Field("method", "H", 0), Field("size", "H")])
      >>> record.packed({"size": 7})
      b'\\x00\\x00\\x07\\x00'
      >>> record.compare("the entry", b"\\x08\\0\\7\\0", record.packed({"size": 7}))
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: the entry has 8 as its method, which must be 0; ...
    """

    def __init__(self, fields: list[Field]) -> None:
        self._fields = fields
        self._struct = struct.Struct("<" + "".join(field.kind for field in fields))
        self.size = self._struct.size

    def packed(self, varying: Mapping[str, int]) -> bytes:
        """Returns the bytes of a record whose other fields have their constants."""
        return self._struct.pack(*(varying.get(x.name, x.constant) for x in self._fields))

    def unpacked(self, data: bytes) -> dict[str, Any]:
        """Returns the values of a record at the start of some bytes."""
        names = (field.name for field in self._fields)
        return dict(zip(names, self._struct.unpack(data[: self.size]), strict=True))

    def compare(self, what: str, found: bytes, wanted: bytes) -> None:
        """Refuses a record, and what follows it, that differs from what must be there.

        Raises:
          RefusedError: with the first field that differs.
        """
        if found == wanted:
            return
        if len(found) >= self.size:
            values = self.unpacked(wanted)
            for name, value in self.unpacked(found).items():
                if value != values[name]:
                    raise RefusedError(
                        f"{what} has {value!r} as its {name}, which must be {values[name]!r}; it "
                        "was changed, or packed by another program: ask for the file as it was sent"
                    )
        raise RefusedError(f"{what} is cut short, or has another name")
