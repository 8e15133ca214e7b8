"""Looks at the files of a set before its conversion: whether they have colours, and their depth."""

import contextlib
import dataclasses
import functools
import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from medjax.data.pictures import decoding
from medjax.data.pictures.picture import Picture
from medjax.errors import some

_log = logging.getLogger("medjax")
_CHROMA = 24 / 255
_COLOURED_PIXELS = 1 / 100_000
_COLOURED_FILES = 1 / 10
_BITS = (8, 10, 12, 14, 16)
_LISTED = 5


class Seen(NamedTuple):
    """What the files of a set have in common.

    Attributes:
      channels: 1 or 3; None if colours were not looked for.
      greyed: a line that names the files whose colours are dropped; empty if there are none.
      bits: how many bits the greys of 16 bits use; None if there are none, or depth was not looked
        for.
    """

    channels: int | None
    greyed: str
    bits: int | None


def has_colours(picture: Picture) -> bool:
    """Returns whether a picture has colours, and not merely three channels.

    It has, if red, green and blue differ by more than 24/255 of the range from black to white in
    more than 1 of 100,000 pixels. Greys that JPEG stored as colours differ by less; a coloured mark
    of a few pixels differs by more.

    Example:
      >>> grey = np.full((9, 9, 3), (100, 103, 98), np.uint8)
      >>> has_colours(Picture(grey, 0, 255))
      False
      >>> grey[0, 0] = (255, 220, 0)
      >>> has_colours(Picture(grey, 0, 255))
      True
    """
    pixels = picture.pixels
    if pixels.ndim == 2:
        return False
    least = functools.reduce(np.minimum, np.moveaxis(pixels, -1, 0))
    greatest = functools.reduce(np.maximum, np.moveaxis(pixels, -1, 0))
    limit = (picture.white - picture.black) * _CHROMA
    return float(np.mean(greatest - least > limit)) > _COLOURED_PIXELS


def look(
    sources: Sequence[decoding.Source], *, colours: bool, depth: bool, threads: int = 0
) -> Seen:
    """Looks at the files of a set, and decodes only those whose headers do not tell enough.

    The set is RGB if more than a tenth of its files have colours, else grey. Its greys of 16 bits
    use 8, 10, 12, 14 or 16 bits: the fewest that hold the greatest value of all files. Files that
    cannot be read do not count. Nothing more is decoded once the answers are certain.

    Args:
      sources: the files of all splits.
      colours: whether to look for colours.
      depth: whether to look for the depth.
      threads: number of threads; 0 for the number of available processors.

    Returns:
      What was seen.

    Raises:
      UserError: for causes other than a damaged file, such as a missing package.
    """
    questions = _Questions(colours, depth)
    results = decoding.in_order(sources, questions.answer, threads=threads, what="looking")
    coloured, readable, greatest = [], 0, 0
    with contextlib.closing(results):
        for source, answer in zip(sources, results, strict=True):
            if isinstance(answer, decoding.Unreadable):
                continue
            readable, greatest = readable + 1, max(greatest, answer.greatest)
            if answer.coloured:
                coloured.append(source.name)
            questions.colours = colours and len(coloured) <= _COLOURED_FILES * len(sources)
            questions.depth = depth and greatest < 2 ** _BITS[-2]
            if not (questions.colours or questions.depth):
                break
    used = next(bits for bits in _BITS if greatest < 2**bits) if greatest else None
    if not colours:
        return Seen(None, "", used)
    if not questions.colours:
        count = len(sources)
        _log.info("data: all images become RGB: more than a tenth of %d files have colours", count)
        return Seen(3, "", used)
    counts = readable - len(coloured), len(coloured)
    _log.info("data: all images become grey: %d grey and %d colour files", *counts)
    return Seen(1, _greyed(coloured, total=len(sources)), used)


class _Answer(NamedTuple):
    """Whether a file has colours, and its greatest value if it holds greys of 16 bits, else 0."""

    coloured: bool
    greatest: int


@dataclasses.dataclass
class _Questions:
    """What is still to be found out about a set."""

    colours: bool
    depth: bool

    def answer(self, source: decoding.Source) -> _Answer:
        """Answers the open questions for one file."""
        if self.colours and source.channels() == 3:
            pictures = (source.preview or source.read)()
            return _Answer(any(map(has_colours, pictures)), 0)
        if self.depth and source.deep():
            greatest = (int(picture.pixels.max()) for picture in source.read())
            return _Answer(False, max(greatest, default=0))
        return _Answer(False, 0)


def _greyed(names: Sequence[str], *, total: int) -> str:
    """Returns a line about files whose colours are dropped; empty if there are none."""
    if not names:
        return ""
    shown = some(names, most=_LISTED)
    what = f"the colours of {len(names)} of {total} files are dropped: {shown}"
    return f"{what}; data.convert.mode=rgb keeps them"
