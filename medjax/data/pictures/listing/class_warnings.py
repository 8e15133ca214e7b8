"""What may be wrong with class folders: files that are not read, and parts taken for classes."""

import collections
import logging
import os
import pathlib
import re
from collections.abc import Collection, Iterable, Sequence

from medjax.data.class_names import same_form
from medjax.data.pictures import decoding
from medjax.data.pictures.listing import unknown_layout
from medjax.data.pictures.listing.file_names import counted, is_leftover, kind, two

_log = logging.getLogger("medjax")
_NOTES = (  # of images
    *(".txt", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".md", ".html", ".pdf", ".log"),
)
_PART = re.compile(
    r"(.*(?:images?|imgs?|pictures?|parts?|fold|batch|chunk|shard|subset|folder|dir|archive|data)"
    r"[ _-]*)\d+",
    re.IGNORECASE,
)


def numbered_parts(
    folder: pathlib.Path, files: Sequence[str], classes: Collection[str]
) -> list[str]:
    """Returns a warning of classes that seem to be parts of one set, as ``images_001`` is.

    Args:
      folder: the folder.
      files: all files below it.
      classes: names of the class folders.

    Raises:
      UserError: if a table of the images lies beside them.
    """
    found = [_PART.fullmatch(name) for name in classes]
    if len(found) < 2 or not all(found) or len({match[1] for match in found}) > 1:
        return []
    reason = f"{folder}: {two(classes)} seem to be numbered parts of one set"
    if unknown_layout.has_table(folder, files):
        raise unknown_layout.error(folder, files, f"{reason}, and no classes")
    return [f"{reason}, and are read as classes; a table can name the classes (data.folder.table)"]


def refuse_splits(folder: pathlib.Path, files: Sequence[str], classes: Collection[str]) -> None:
    """Refuses classes that seem to be splits, as ``train_v2`` and ``test_v2`` do.

    Args:
      folder: the folder.
      files: all files below it.
      classes: names of the class folders.

    Raises:
      UserError: if all names hold words for different splits.
    """
    if unknown_layout.seem_splits(classes):
        reason = f"{folder}: {' and '.join(sorted(classes))} seem to be splits, and no classes"
        raise unknown_layout.error(folder, files, reason)


def unread(
    folder: pathlib.Path,
    others: Collection[str],
    pictures: Collection[str],
    tops: Iterable[str],
    classes: Collection[str],
) -> list[str]:
    """Returns warnings of folders without images beside classes, and of other files in classes.

    Args:
      folder: the folder.
      others: the files below it that are no pictures.
      pictures: the pictures.
      tops: the folders that hold the class folders, each with a slash at its end, or nothing.
      classes: names of the classes with images.
    """
    if others:
        kinds = _kinds(folder, others)
        _log.info("data: %d files of %s are no images: %s", len(others), folder, kinds)
    empty, unread, where = {}, [], {}
    for top in tops:
        inside, shown = _by_folder(others, top), _by_folder(pictures, top)
        for name in _folders(folder / top):
            below = inside.get(name, [])
            if same_form(name) in classes:
                left = [file for file in below if kind(file) not in _NOTES]
                unread += left
                where |= {name: None} if left else {}
            elif name not in shown:
                empty[name] = _kinds(folder, below) or "empty"
    lines = []
    if empty:
        lines = [f"no image is in {', '.join(f'{name} ({x})' for name, x in empty.items())}"]
    if unread:
        lines += [f"no images, and not read: {_kinds(folder, unread)}, in {', '.join(where)}"]
    return [f"{folder}: {line}" for line in lines]


def _by_folder(files: Iterable[str], top: str) -> dict[str, list[str]]:
    """Returns the files in and below each folder of ``top``, by its name."""
    found = collections.defaultdict(list)
    for file in files:
        name, slash, _ = file.removeprefix(top).partition("/")
        if slash and file.startswith(top):
            found[name].append(file)
    return found


def _folders(folder: pathlib.Path) -> list[str]:
    """Returns the names of the folders in a folder, without leftovers."""
    names = sorted(name for name in os.listdir(folder) if not is_leftover(name))
    return [name for name in names if os.path.isdir(folder / name)]


def _kinds(folder: pathlib.Path, files: Iterable[str]) -> str:
    """Returns the number of files of each kind, for a message."""
    return counted(decoding.object_kind(folder / file) or kind(file) for file in files)
