"""Lists the images of a folder: files with their classes, splits and patients."""

import pathlib
from collections.abc import Sequence

import numpy as np

from medjax.data import class_names, splitting
from medjax.data.medmnist.registry import SPLITS
from medjax.data.pictures import decoding
from medjax.data.pictures.listing import class_folders, masks, unknown_layout
from medjax.data.pictures.listing.entry import PATIENT_FOLDERS, Entry, FolderOptions, Listing, check
from medjax.data.pictures.listing.patients import of_paths, one_spelling, shared_patients
from medjax.data.pictures.listing.walking import walk
from medjax.data.pictures.table_rows import table_entries
from medjax.data.splitting import CutOptions
from medjax.errors import UserError

_MANY = 10  # classes


def entries(folder: pathlib.Path, options: FolderOptions, cut: CutOptions) -> Listing:
    """Lists the images of a set, sorted by name, each in a split.

    Args:
      folder: ``{train,val,test}/CLASS/FILE`` (val may be missing) or ``CLASS/FILE``; or files
        anywhere below it, with a table.
      options: the table, or what the folders are.
      cut: how a set without splits is cut.

    Returns:
      The images, how they were cut, and warnings.

    Raises:
      UserError: if the folder has another layout, the table does not fit it, or there are too few
        images to cut.
    """
    check(options)
    if not folder.is_dir():
        archive = " is a file: unpack it if it is an archive, and name the folder"
        raise UserError(f"{folder}{archive}" if folder.is_file() else f"no folder {folder}")
    files = walk(folder)
    if options.table:
        listing = table_entries.entries(folder, files, options)
        _refuse_split_folders(folder, listing.entries)
    else:
        by_folder = options.patients == PATIENT_FOLDERS
        listing = class_folders.entries(folder, files, patients=by_folder)
        _check_found(folder, files, listing.entries)
    found, patients, warnings = sorted(listing.entries), listing.patients, list(listing.warnings)
    if options.patients not in ("", PATIENT_FOLDERS):
        found, patients = of_paths(found, options.patients), True
    if patients:
        found, alike = one_spelling(found)
        warnings += alike
    if not listing.findings:
        same = class_names.unified(entry.label for entry in found)
        found = [entry._replace(label=same[entry.label]) for entry in found]
        warnings += [f"{folder}: {line}" for line in class_names.doubtful(set(same.values()))]
    if found[0].split is None:
        found, done = _cut(found, cut), "patient" if patients else "file"
    else:
        done = ""
        warnings += shared_patients(found)
    return Listing(found, patients, tuple(warnings), listing.findings, done)


def classes_of(found: Sequence[Entry]) -> tuple[str, ...]:
    """Returns the classes of a set in label order: by value if all are numbers, else by name.

    Example:
      >>> classes_of([Entry(f"{c}/a.png", "train", c, "a") for c in ("10", "2")])
      ('2', '10')
    """
    return class_names.in_order({entry.label for entry in found})


def check_classes(what: str, listing: Listing) -> None:
    """Refuses a set, named by ``what`` in messages, on which no classifier can be trained.

    Raises:
      UserError: for fewer than two classes or findings, no test images, or a class or finding
        without training images.
    """
    found, findings = listing.entries, listing.findings
    kind, classes = ("finding", findings) if findings else ("class", classes_of(found))
    if len(classes) < 2:
        one = f'; data.folder.columns="label={findings[0]}" reads it as two classes'
        raise UserError(
            f"{what} holds {len(classes)} {kind}{'es' * (not classes)}; needs two or more"
            + one * bool(findings)
        )
    for split in {"train", "test"} | {entry.split for entry in found}:
        if not any(entry.split == split for entry in found):
            raise UserError(f"{what} holds no images in {split}")
    trained = {entry.label for entry in found if entry.split == "train"}
    if findings:
        shown = np.any(np.equal(list(trained), 1), axis=0)
        trained = {name for name, has in zip(findings, shown, strict=True) if has}
    for name in classes:
        if name not in trained:
            raise UserError(f"{what}: {_untrained(kind, name, classes, len(found))}")


def _untrained(kind: str, name: str, classes: Sequence[str], images: int) -> str:
    """Says what is wrong with a class or finding that has no image in train."""
    numbers = None not in map(class_names.number, classes)
    if len(classes) > _MANY and (numbers or 2 * len(classes) > images):
        return (
            f"{len(classes)} labels for {images} images look like measurements or names; "
            "group them into classes"
        )
    like = [x for x in classes if x != name and class_names.plain(x) == class_names.plain(name)]
    if like:
        return f"{kind} {name!r} has no image in train; {like[0]!r} differs in case or spaces only"
    return f"{kind} {name if name == name.strip() else repr(name)} has no image in train"


def _cut(found: Sequence[Entry], cut: CutOptions) -> list[Entry]:
    """Assigns splits to entries that have none."""
    numbers = [entry.label for entry in found]  # of findings
    if isinstance(found[0].label, str):
        place = {name: number for number, name in enumerate(classes_of(found))}
        numbers = [place[entry.label] for entry in found]
    assigned = splitting.split(numbers, [entry.group for entry in found], **cut._asdict())
    return [entry._replace(split=name) for entry, name in zip(found, assigned, strict=True)]


def _check_found(folder: pathlib.Path, files: Sequence[str], found: Sequence[Entry]) -> None:
    """Refuses class folders in which there is nothing to tell apart."""
    if not found:
        raise unknown_layout.error(folder, files, f"{folder} holds no images in class folders")
    if found[0].split is None and len({entry.label for entry in found}) == 1:
        pictures = [name for name in files if decoding.is_picture(folder / name)]
        taken = len(masks.find(pictures, tops=[""]).files)
        kept = f" beside {taken} file{'s' * (taken > 1)} taken for masks" * bool(taken)
        reason = f"{folder} holds 1 class{kept}; needs two or more"
        raise unknown_layout.error(folder, files, reason)


def _refuse_split_folders(folder: pathlib.Path, found: Sequence[Entry]) -> None:
    """Refuses to cut files that lie in the folders of splits."""
    named = {splitting.split_named(entry.name.split("/")[0]) for entry in found}
    if {"train", "test"} <= named and found[0].split is None:
        raise UserError(
            f"{folder} is cut already, into {', '.join(x for x in SPLITS if x in named)}; a table "
            "would cut it again: give it a column split, drop data.folder.table, or keep the files "
            "elsewhere"
        )
