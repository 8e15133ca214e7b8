"""Looks at the files of a set before its conversion: whether they have colours, and their depth."""

import contextlib
import dataclasses
import logging
from collections.abc import Generator, Sequence
from typing import NamedTuple

from medjax.data.pictures import decoding
from medjax.data.pictures.picture import Picture
from medjax.data.prepare.colours import is_coloured, spread
from medjax.errors import some

_log = logging.getLogger("medjax")
_COLOURED_FILES = 1 / 10
_BITS = (8, 10, 12, 14, 16)
_LISTED = 5


class Seen(NamedTuple):
    """What the files of a set have in common.

    Attributes:
      channels: 1 or 3; None if colours were not looked for.
      greyed: a line that names the files whose colours are dropped; empty if there are none.
      bits: how many bits the values of 16 bits use; None if there are none, or depth was not looked
        for.
      clipped: a line on files of other splits that use more bits; empty if there are none.
    """

    channels: int | None
    greyed: str
    bits: int | None
    clipped: str = ""


def has_colours(picture: Picture) -> bool:
    """Returns whether a picture has colours, and not merely three channels.

    ``colours.is_coloured`` decides, by the range from black to white.

    Example:
      >>> import numpy as np
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
    return is_coloured(spread(pixels), white=picture.white - picture.black)


def look(
    sources: Sequence[decoding.Source],
    *,
    others: Sequence[decoding.Source] = (),
    colours: bool,
    depth: bool,
    threads: int = 0,
) -> Seen:
    """Looks at the files of a set, and decodes only those whose headers do not tell enough.

    The set is RGB if more than a tenth of the training files have colours, else grey. Its values
    of 16 bits use 8, 10, 12, 14 or 16 bits: the fewest that hold the greatest value of the training
    files, and colours are told by the range of those. Files that cannot be read do not count.
    Nothing more is decoded once the answers are certain. The files of other splits decide nothing;
    those that lose colours or values are told.

    Args:
      sources: the files of the training split.
      others: the files of the other splits.
      colours: whether to look for colours.
      depth: whether to look for the depth.
      threads: number of threads; 0 for the number of available processors.

    Returns:
      What was seen.

    Raises:
      UserError: for causes other than a damaged file, such as a missing package.
    """
    channels, coloured, used = _decide(sources, _Questions(colours, depth), threads)
    bits = used if depth else None
    questions, beyond = _Questions(channels == 1, bits is not None and bits < _BITS[-1]), 0
    if questions.colours or questions.depth:
        for name, answer in _answers(others, questions, threads):
            coloured += [name] if answer.has_colours(used) else []
            beyond += bits is not None and answer.greatest >= 2**bits
    greyed = _greyed(coloured, total=len(sources) + len(others)) if channels == 1 else ""
    clipped = ""
    if beyond:
        where = f"{beyond} of {len(others)} files of other splits than train"
        clipped = f"{where} hold values above {2**bits - 1}, which become white"
    return Seen(channels, greyed, bits, clipped)


def _decide(
    sources: Sequence[decoding.Source], questions: "_Questions", threads: int
) -> tuple[int | None, list[str], int | None]:
    """Returns the channels, the names of files with colours, and the bits of a set."""
    colours, depth = questions.colours, questions.depth
    answered, certain, greatest, most = [], 0, 0, _COLOURED_FILES * len(sources)
    with contextlib.closing(_answers(sources, questions, threads)) as answers:
        for name, answer in answers:
            answered.append((name, answer))
            greatest = max(greatest, answer.greatest)
            certain += answer.has_colours(_BITS[-1])
            questions.colours = colours and certain <= most
            questions.depth = depth and greatest < 2 ** _BITS[-2]
            if not (questions.colours or questions.depth):
                break
    used = next(bits for bits in _BITS if greatest < 2**bits) if greatest else None
    if not colours:
        return None, [], used
    coloured = [name for name, answer in answered if answer.has_colours(used)]
    if len(coloured) > most:
        what = f"more than a tenth of {len(sources)} training files have colours"
        _log.info("data: all images become RGB: %s", what)
        return 3, [], used
    counts = len(answered) - len(coloured), len(coloured)
    _log.info("data: all images become grey: %d grey and %d colour files in train", *counts)
    return 1, coloured, used


def _answers(
    sources: Sequence[decoding.Source], questions: "_Questions", threads: int
) -> Generator[tuple[str, "_Answer"]]:
    """Yields the names of the readable files and their answers, in order."""
    results = decoding.in_order(sources, questions.answer, threads=threads, what="looking")
    with contextlib.closing(results):
        for source, answer in zip(sources, results, strict=True):
            if not isinstance(answer, decoding.Unreadable):
                yield source.name, answer


class _Answer(NamedTuple):
    """What one file holds.

    Attributes:
      coloured: the most bits whose range from black to white shows its colours; 0 for none.
      greatest: its greatest value if it holds values of 16 bits, else 0.
    """

    coloured: int = 0
    greatest: int = 0

    def has_colours(self, bits: int | None) -> bool:
        """Returns whether it has colours in a set that uses so many bits; None for 16."""
        return self.coloured >= (bits or _BITS[-1])


@dataclasses.dataclass
class _Questions:
    """What is still to be found out about a set."""

    colours: bool
    depth: bool

    def answer(self, source: decoding.Source) -> _Answer:
        """Answers the open questions for one file."""
        colours, deep = self.colours and source.channels() == 3, self.depth and source.deep()
        if not (colours or deep):
            return _Answer()
        pictures = (source.preview or source.read)() if colours else source.read()
        coloured = max(map(_coloured_bits, pictures), default=0) if colours else 0
        greatest = (int(x.pixels.max()) for x in pictures if deep or x.depth_unknown)
        return _Answer(coloured, max(greatest, default=0))


def _coloured_bits(picture: Picture) -> int:
    """Returns the most bits whose range from black to white shows a picture's colours, or 0."""
    if picture.pixels.ndim == 2 or not picture.depth_unknown:
        return _BITS[-1] * has_colours(picture)
    spreads = spread(picture.pixels)
    shown = (bits for bits in reversed(_BITS) if is_coloured(spreads, white=2**bits - 1))
    return next(shown, 0)


def _greyed(names: Sequence[str], *, total: int) -> str:
    """Returns a line about files whose colours are dropped; empty if there are none."""
    if not names:
        return ""
    shown = some(names, most=_LISTED)
    what = f"the colours of {len(names)} of {total} files are dropped: {shown}"
    return f"{what}; data.convert.mode=rgb keeps them"
