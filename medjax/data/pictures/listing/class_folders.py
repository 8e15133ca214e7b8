"""Lists the files of class folders, with or without folders of splits and of patients."""

import collections
import logging
import pathlib
from collections.abc import Mapping, Sequence

from medjax.data import splitting
from medjax.data.medmnist.registry import SPLITS
from medjax.data.pictures import decoding
from medjax.data.pictures.listing import unknown_layout
from medjax.data.pictures.listing.entry import PATIENT_FOLDERS, Entry
from medjax.data.pictures.listing.names import kind, same_form, two
from medjax.errors import UserError

_log = logging.getLogger("medjax")


def entries(
    folder: pathlib.Path, files: Sequence[str], *, patients: bool
) -> tuple[list[Entry], list[str]]:
    """Lists the pictures of class folders.

    Args:
      folder: the folder.
      files: all files below it, from ``walk``.
      patients: whether the folders below the classes are patients.

    Returns:
      The entries, in a split if the folder has official splits; and warnings.

    Raises:
      UserError: if the files lie in another way.
    """
    start, splits = split_folders(folder, files)
    found, beside, others = [], [], collections.Counter()
    for file in files:
        parts = file.removeprefix(start).split("/")
        split = splits.get(parts[0])
        parts = [same_form(part) for part in parts[split is not None :]]
        if not decoding.is_picture(folder / file):
            others[kind(file)] += 1
        elif len(parts) == 1 or (splits and split is None):
            beside.append(file)
        elif (len(parts) > 2) != patients or (patients and splitting.split_named(parts[1])):
            raise _wrong_depth(folder, files, file, len(parts))
        else:
            found.append(Entry(file, split, parts[0], parts[1] if patients else file))
    if others:
        kinds = ", ".join(f"{count} × {kind}" for kind, count in others.most_common())
        _log.info("data: %d files of %s are no images: %s", others.total(), folder, kinds)
    return found, [
        f"{folder}: images outside class folders are not read: {len(beside)}, the first is {file}"
        for file in beside[:1]
    ]


def _wrong_depth(folder: pathlib.Path, files: Sequence[str], file: str, depth: int) -> UserError:
    """Returns the error for a picture that has too many or too few folders above it."""
    if depth == 2:
        return UserError(
            f"{folder / file} lies in a class itself; with data.folder.patients={PATIENT_FOLDERS} "
            "files lie in CLASS/PATIENT/FILE"
        )
    names = file.split("/")
    inner = names[len(names) - depth + 1]
    reason = f"{folder.joinpath(*names[: len(names) - depth + 2])} is a folder inside a class"
    if splitting.split_named(inner):
        return UserError(
            f"{reason}, and named as a split: splits hold the classes, as in {folder}/{inner}/CLASS"
        )
    return unknown_layout.error(folder, files, reason)


def split_folders(folder: pathlib.Path, files: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Finds the folders of official splits, which one more folder may hold.

    Args:
      folder: the folder.
      files: all files below it.

    Returns:
      The path of the folder that holds them, empty or with a slash at its end, and the split of
      each folder there; an empty path and no splits for a set without.

    Raises:
      UserError: if two folders are one split, or others lie beside them.
    """
    start = ""
    while True:
        below = [file.removeprefix(start).split("/") for file in files if file.startswith(start)]
        tops = sorted({parts[0] for parts in below if len(parts) > 1})
        named = {top: split for top in tops if (split := splitting.split_named(top))}
        if named:
            _check_splits(folder / start, tops, named)
            return start, named
        pictures = (start + x[0] for x in below if len(x) == 1)
        if len(tops) != 1 or any(decoding.is_picture(folder / x) for x in pictures):
            return "", {}
        start += f"{tops[0]}/"


def _check_splits(folder: pathlib.Path, tops: Sequence[str], named: Mapping[str, str]) -> None:
    for split in SPLITS:
        same = [top for top in tops if named.get(top) == split]
        if len(same) > 1:
            raise UserError(f"{folder} holds {two(same)}, which both name {split}: keep one")
    if others := [top for top in tops if top not in named]:
        raise UserError(
            f"{folder} holds {', '.join(others)} beside {', '.join(named)}: name the splits "
            "train, val and test, and keep other folders elsewhere"
        )
