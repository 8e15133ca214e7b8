"""Finds the files whose whole name is in that of another, as a copy's is."""

import collections
import re
from collections.abc import Iterator, Mapping

from medjax.data.inspect.duplicates import Place
from medjax.data.inspect.name_dates import Name, last

_NUMBER, _LETTER = re.compile(r"\d+"), re.compile(r"[^\W\d_]")
_MOST_WORDS = 3  # that a copy has more, as in "brightness_0.7"
_LEAST = 3  # copies of one kind


def groups(
    names: Mapping[Place, Name], depth: int, files: Mapping[Place, str]
) -> dict[str, list[Place]]:
    """Groups files that have the same words, or those of another and a few more.

    The words that are more stand at one end, and the same do so for several files. If the two lie
    in different folders, these words do so in several as well, and name no class.

    Args:
      names: the names by the place of the first image.
      depth: how many of the last folders it takes to tell files of different folders apart.
      files: the same files as paths.

    Returns:
      The files of each group of two or more, by folders and words of the shortest name.

    Example:
      >>> from medjax.data.inspect.name_dates import parts
      >>> ends = (".png", ".jpg", "_klein.png")
      >>> files = [f"sick/scan{i}{end}" for i in range(3) for end in ends]
      >>> files = {Place("train", row): file for row, file in enumerate(files)}
      >>> found = groups({place: parts(file) for place, file in files.items()}, 1, files)
      >>> {name: len(places) for name, places in found.items()}
      {'sick/scan0': 3, 'sick/scan1': 3, 'sick/scan2': 3}
    """
    held, folders = collections.defaultdict(list), collections.defaultdict(set)
    for place, name in names.items():
        key = Name(last(name.folders, depth), tuple(map(str.casefold, name.words)))
        held[key].append(place)
        folders[key].add(name.folders)
    shorter = {
        name: [(kind, base) for kind, base in _shorter(name) if base in held] for name in held
    }
    counts, where = collections.Counter(), collections.defaultdict(set)
    for name, found in shorter.items():
        for kind, _ in found:
            counts[kind] += 1
            where[kind] |= folders[name]
    result = collections.defaultdict(list)
    for name, places in held.items():
        origin = name
        while base := [
            base
            for kind, base in shorter[origin]
            if counts[kind] >= _LEAST
            and (len(where[kind]) > 1 or not folders[origin].isdisjoint(folders[base]))
        ]:
            origin = base[-1]
        result["/".join((*origin.folders, "_".join(origin.words)))] += places
    return {
        name: sorted(places)
        for name, places in result.items()
        if len({files[place] for place in places}) > 1
    }


def _shorter(name: Name) -> Iterator[tuple[tuple[str, bool], Name]]:
    """Yields the names that have fewer words at one end, each with the words that it lacks."""
    words = name.words
    for count in range(1, min(_MOST_WORDS, len(words) - 1) + 1):
        for behind in (True, False):
            more, base = (
                (words[-count:], words[:-count]) if behind else (words[:count], words[count:])
            )
            kind = _NUMBER.sub("#", " ".join(more))
            if _LETTER.search(kind):
                yield (kind, behind), name._replace(words=base)
