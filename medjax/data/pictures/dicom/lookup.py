"""Look-up tables of DICOM files: modality, VOI and palettes."""

from typing import NamedTuple

import numpy as np

from medjax.data.damaged import UndecodableError
from medjax.data.pictures.dicom import header

_MOST_ENTRIES = 2**16
_BITS = range(1, 17)


class Table(NamedTuple):
    """A look-up table.

    Attributes:
      entries: uint8 or uint16 ``[n]``.
      first: the value that has the first entry, like all smaller ones.
      bits: number of bits of an entry.
    """

    entries: np.ndarray
    first: int
    bits: int

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Returns the entries of pixels; values beyond the last have the last."""
        places = np.rint(pixels).astype(np.int64) - self.first
        return self.entries[np.clip(places, 0, len(self.entries) - 1)]


def of_sequence(dataset, name: str, *, signed: bool) -> Table | None:
    """Returns the table in a sequence, or None if there is none.

    Args:
      dataset: the file, or the transform of a frame.
      name: of the sequence.
      signed: whether the values that are looked up may be negative.

    Raises:
      UndecodableError: for a table that is damaged.
    """
    items = header.items(dataset, name)
    return table(items[0], "LUTDescriptor", "LUTData", signed=signed) if items else None


def table(dataset, descriptor: str, data: str, *, signed: bool) -> Table | None:
    """Returns the table in two elements, or None if one of them is absent."""
    says, content = header.element(dataset, descriptor), header.element(dataset, data)
    if says is None or content is None:
        return None
    try:
        count, first, bits = (int(x) for x in says)
    except (TypeError, ValueError) as error:
        raise UndecodableError("has a look-up table without a description") from error
    # The first two have the sign of pixels in some files, and none in others.
    count = count % _MOST_ENTRIES or _MOST_ENTRIES
    first = (first + 2**15) % 2**16 - 2**15 if signed else first % 2**16
    if bits not in _BITS:
        raise UndecodableError("has a look-up table with entries of other than 1 to 16 bits")
    entries = _entries(content, count, big_endian=dataset.original_encoding[1] is False)
    if bits <= 8 and entries.max() < 2**8:
        entries = entries.astype(np.uint8)
    elif bits <= 8:
        bits = 16
    return Table(entries, first, min(bits, 8 * entries.itemsize))


def _entries(content, count: int, *, big_endian: bool) -> np.ndarray:
    """Returns uint8 or uint16 entries; the number of bytes says which they are."""
    with header.decoding():
        if isinstance(content, bytes):
            padded = content + bytes(len(content) % 2)
            words = np.frombuffer(padded, ">u2" if big_endian else "<u2").astype("<u2")
        else:
            words = np.atleast_1d(np.array(content, np.int64)).astype("<u2")
    entries = words if len(words) >= count else words.view(np.uint8)
    if len(entries) < count:
        raise UndecodableError("has a look-up table with fewer entries than it says")
    return entries[:count]
