"""Tells masks from the images that they belong to, by the names of files and folders."""

import collections
import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from medjax.data.pictures.listing.entry import Entry

_WORDS = (
    r"masks?|seg|segmentations?|annotations?|ground[ _-]?truths?|gt|labels?|masken?|masques?|"
    r"m[aá]scaras?|mascher[ae]|segmentierung(?:en)?|segmentazion[ei]|segmentaci[oó]n(?:es)?"
)
_WORD = rf"({_WORDS})"
_DRAWN = rf"({_WORDS}|contours?|kontur(?:en)?|lesions?|overlays?|heat[ _-]?maps?)"  # on an image
_BEHIND = re.compile(rf"(.+?)[ _.-]+{_DRAWN}([ _.-]*\(?\d+\)?)?", re.IGNORECASE)
_BEFORE = re.compile(rf"{_DRAWN}[ _.-]+(?P<image>.+)", re.IGNORECASE)
_FOLDER = re.compile(rf"{_WORD}(tr|ts)?|.+[ _-]mas(ks|ken)", re.IGNORECASE)
_CLASS = re.compile(rf"(.*[ _.-])?{_WORD}([ _.-].*|tr|ts|\d+)?", re.IGNORECASE)
_IMAGES = re.compile(
    r"(images?|imgs?|pictures?|originals?|scans?|inputs?|raw)(tr|ts)?", re.IGNORECASE
)
_File = tuple[str | None, str]  # the split and the stem


class Masks(NamedTuple):
    """The masks of a set.

    Attributes:
      files: the masks.
      images: the folders beside folders of masks that are named for images, and the others of such
        a name at the same depth, each with a slash at its end. They are no classes or patients.
    """

    files: frozenset[str]
    images: frozenset[str]

    def parts(self, name: str) -> list[str]:
        """Returns the parts of a path without the folders that are named for images."""
        parts = name.split("/")
        return [
            part
            for place, part in enumerate(parts)
            if f"{'/'.join(parts[: place + 1])}/" not in self.images
        ]


def find(names: Collection[str], *, tops: Collection[str] = ()) -> Masks:
    """Finds the masks among the pictures of a set.

    A picture is a mask if it has the name of another one in its folder and a word such as ``mask``,
    ``Segmentierung`` or ``overlay`` behind or before it; or if it lies in a folder that such a word
    names, beside a folder that is named for images or that has files of the same names. Among class
    folders, the same names do not count without such a word: each class may hold ``0.png``, and one
    may be called ``seg``.

    Args:
      names: paths of pictures, with forward slashes.
      tops: the folders that hold the class folders, ``""`` for the set itself; none if there are
        none.

    Example:
      >>> found = find(["a/1.png", "a/1_mask.png", "b/images/2.png", "b/masks/2.png"])
      >>> sorted(found.files), found.parts("b/images/2.png")
      (['a/1_mask.png', 'b/masks/2.png'], ['b', '2.png'])
    """
    stems = {_stem(name) for name in names}
    files = {name for name in names if _image_of(name) in stems}
    masked, images = _folders(names, tops)
    files.update(name for name in names if not masked.isdisjoint(_above(name)))
    return Masks(frozenset(files), frozenset(images))


def among_classes(entries: Collection[Entry]) -> dict[str, str]:
    """Returns the classes that are named like masks and may be those of another class, with it.

    Most of their files are named like files of other classes in the same split.

    Args:
      entries: the files of class folders.

    Example:
      >>> names = ("x-ray/1.png", "x-ray/2.png", "masks/1.tif", "mask/3.png")
      >>> among_classes([Entry(name, None, name.split("/")[0], name) for name in names])
      {'masks': 'x-ray'}
    """
    stems = collections.defaultdict(set)
    for entry in entries:
        stems[entry.label].add((entry.split, _last(_stem(entry.name))))
    others = {label: x for label, x in stems.items() if not _CLASS.fullmatch(label)}
    counts = collections.Counter(stem for found in others.values() for stem in found)
    return {
        label: max(others, key=lambda other: len(found & others[other]))
        for label, found in stems.items()
        if label not in others and 2 * len(_telling(found, label, counts)) > len(found)
    }


def _telling(found: set[_File], label: str, counts: Mapping[_File, int]) -> list[_File]:
    """Returns the files of a class that are named like files of other classes."""
    # Counters alone make no masks of segmented neutrophils, which are a class of blood cells.
    most = 1 if label.casefold() == "seg" else max(counts.values(), default=0)
    return [stem for stem in found if 1 <= counts[stem] <= most]


def _folders(names: Collection[str], tops: Collection[str]) -> tuple[set[str], set[str]]:
    """Returns the folders of masks, and those of images."""
    inside, children = collections.defaultdict(list), collections.defaultdict(list)
    for name in names:
        for folder in _above(name):
            inside[folder].append(name)
    for folder in inside:
        children[_parent(folder)].append(folder)
    masked, images = set(), set()
    for mask in (folder for folder in inside if _FOLDER.fullmatch(_last(folder))):
        others = [x for x in children[_parent(mask)] if not _FOLDER.fullmatch(_last(x))]
        named = [x for x in others if _IMAGES.fullmatch(_last(x))]
        beside = [name for x in others for name in inside[x]]
        alike = _above_images(_parent(mask)) not in tops
        if named or _same_names(inside[mask], beside, alike=alike):
            masked.add(mask)
            images.update(named)
    depths = {folder.count("/") for folder in images}
    named = {x for x in inside if x.count("/") in depths and _IMAGES.fullmatch(_last(x))}
    return masked, images | named


def _above_images(folder: str) -> str:
    """Returns the path of a folder without the parts that are named for images."""
    return "/".join(part for part in folder.split("/") if not _IMAGES.fullmatch(part))


def _same_names(names: Sequence[str], others: Sequence[str], *, alike: bool) -> bool:
    """Returns whether most files have the names of masks of others, or, if alike, of others."""
    known = {_last(_stem(name)) for name in others}
    stems = [_image_of(name) or (_stem(name) if alike else "") for name in names]
    same = [stem for stem in stems if stem and _last(stem) in known]
    return 2 * len(same) > len(names)


def _image_of(name: str) -> str | None:
    """Returns the stem of the image that a file is the mask of by its name."""
    folder, base = posixpath.split(_stem(name))
    if found := _BEHIND.fullmatch(base):
        return posixpath.join(folder, found[1])
    found = _BEFORE.fullmatch(base)
    return posixpath.join(folder, found["image"]) if found else None


def _stem(name: str) -> str:
    return posixpath.splitext(name.removesuffix(".gz"))[0].casefold()


def _above(name: str) -> list[str]:
    """Returns the folders above a file, each with a slash at its end."""
    parts = name.split("/")[:-1]
    return [f"{'/'.join(parts[: depth + 1])}/" for depth in range(len(parts))]


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _parent(folder: str) -> str:
    return folder.rstrip("/").rpartition("/")[0]
