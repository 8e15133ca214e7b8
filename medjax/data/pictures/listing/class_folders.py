"""Lists the files of class folders, with or without folders of splits and of patients."""

import pathlib
from collections.abc import Mapping, Sequence

from medjax.data import splitting
from medjax.data.class_names import same_form
from medjax.data.medmnist.registry import SPLITS
from medjax.data.pictures import decoding
from medjax.data.pictures.listing import class_warnings, masks, unknown_layout
from medjax.data.pictures.listing.entry import PATIENT_FOLDERS, Entry, Listing
from medjax.data.pictures.listing.file_names import two
from medjax.errors import UserError


def entries(folder: pathlib.Path, files: Sequence[str], *, patients: bool) -> Listing:
    """Lists the pictures of class folders.

    Args:
      folder: the folder.
      files: all files below it, from ``walk``.
      patients: whether the folders below the classes are patients.

    Returns:
      The listing, whose entries are in a split if the folder has official splits.

    Raises:
      UserError: if the files lie in another way.
    """
    start, splits = split_folders(folder, files)
    pictures = decoding.pictures_among(folder, files)
    names = {file.removeprefix(start): file for file in pictures}
    hidden = masks.find(names, tops=splits or [""])
    found, beside = [], []
    for name, file in names.items():
        if name in hidden.files:
            continue
        split = splits.get(name.split("/")[0])
        depth = name.count("/") + (split is None)
        parts = [same_form(part) for part in hidden.parts(name)[split is not None :]]
        if len(parts) == 1 or (splits and split is None):
            beside.append(file)
        elif (len(parts) > 2) != patients or (patients and splitting.split_named(parts[1])):
            raise _wrong_depth(folder, files, file, 2 if len(parts) == 2 else depth)
        else:
            found.append(Entry(file, split, parts[0], parts[1] if patients else file))
    if splits and found:
        _check_labelled(folder, start, splits, found, beside)
    if hidden.files and not found:
        reason = f"{folder} holds images beside their masks, and no class folders"
        raise unknown_layout.error(folder, files, reason)
    others = sorted(set(files) - set(pictures))
    classes = {entry.label for entry in found}
    class_warnings.refuse_splits(folder, files, classes)
    tops = [f"{start}{top}/" for top in splits] or [start]
    warnings = [
        *_count(folder, "images outside class folders", beside),
        *_count(folder, "masks of images", [names[name] for name in hidden.files]),
        *_masks_as_classes(folder, found),
        *class_warnings.numbered_parts(folder, files, classes),
        *class_warnings.unread(folder, others, pictures, tops, classes),
    ]
    return Listing(found, patients, tuple(warnings))


def _count(folder: pathlib.Path, what: str, files: Sequence[str]) -> list[str]:
    """Returns a warning of files that are not read, if there are any."""
    first = sorted(files)[:1]
    return [f"{folder}: {what} are not read: {len(files)}, the first is {x}" for x in first]


def _masks_as_classes(folder: pathlib.Path, found: Sequence[Entry]) -> list[str]:
    """Returns a warning of each class that may hold the masks of another."""
    return [
        f"{folder}: {one} is read as a class, but is named like masks, and its files like those of "
        f"{other}: if they are masks, move {one} elsewhere, or rename {other} to images"
        for one, other in masks.among_classes(found).items()
    ]


def _check_labelled(
    folder: pathlib.Path,
    start: str,
    splits: Mapping[str, str],
    found: Sequence[Entry],
    beside: Sequence[str],
) -> None:
    """Refuses official splits without images in class folders to train or to test on."""
    tops = {split: top for top, split in splits.items()}
    read = {entry.split for entry in found}
    for split in ("train", "test"):
        if split in read:
            continue
        top, advice = tops.get(split), ""
        inside = [file for file in beside if top and file.startswith(f"{start}{top}/")]
        lack = f" (none of the {len(inside)} there lies in {top}/CLASS/FILE)" * bool(inside)
        if split == "test" and "val" in read:
            advice = f"; rename {tops['val']} to test if it is to be tested on"
        elif read == {"train"}:
            advice = f"; folder:{folder / start / tops['train']} alone is cut into splits"
        raise UserError(f"{folder} holds no images in {split}{lack}{advice}")


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
