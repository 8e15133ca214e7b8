"""Lists the images of a folder or a table: files with their classes, splits and patients."""

import csv
import logging
import os
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from medjax import store
from medjax.data import splitting
from medjax.data.medmnist.registry import SPLITS
from medjax.data.pictures import decoding
from medjax.data.splitting import CutOptions
from medjax.errors import UserError

_log = logging.getLogger("medjax")
_COLUMNS = ("file", "label", "patient")


class FolderOptions(NamedTuple):
    """How the class of each file of a folder is found.

    Attributes:
      table: a CSV file with the columns ``file`` (relative to the folder), ``label`` and, if known,
        ``patient``, whose images stay in one split; empty for classes by folder.
    """

    table: str = ""


class Entry(NamedTuple):
    """One image of a set, not decoded yet.

    Attributes:
      name: path relative to the set's folder, with forward slashes.
      split: ``"train"``, ``"val"`` or ``"test"``; None before the set is cut.
      label: class name.
      group: the patient, or the file itself; a group stays in one split.
    """

    name: str
    split: str | None
    label: str
    group: str


def entries(folder: pathlib.Path, options: FolderOptions, cut: CutOptions) -> list[Entry]:
    """Lists the images of a set, sorted by name, each in a split.

    Args:
      folder: ``{train,val,test}/CLASS/FILE`` (val may be missing) or ``CLASS/FILE``; or files
        anywhere below it, with a table.
      options: the table.
      cut: how a set without splits is cut.

    Raises:
      UserError: if the folder has another layout, the table does not fit it, or there are too few
        images to cut.
    """
    if not folder.is_dir():
        raise UserError(f"no folder {folder}")
    splits = [name for name in SPLITS if (folder / name).is_dir()]
    if options.table:
        if "train" in splits and "test" in splits:
            raise UserError(
                f"{folder} is cut already, into {', '.join(splits)}; a table would cut it again: "
                "drop data.folder.table, or keep the files elsewhere"
            )
        found = _of_table(folder, store.expand_user(options.table))
    else:
        if splits:
            _refuse_other_folders(folder, splits)
        parts = [(name, folder / name) for name in splits] or [(None, folder)]
        found = [entry for name, part in parts for entry in _of_classes(folder, part, name)]
    if not found:
        raise UserError(
            f"{folder} holds no images in class folders, as in {folder}/train/CLASS/FILE or "
            f"{folder}/CLASS/FILE with a suffix of: {', '.join(decoding.SUFFIXES)}"
        )
    found = sorted(found)
    return found if found[0].split is not None else _cut(found, cut)


def class_names(found: Sequence[Entry]) -> tuple[str, ...]:
    """Returns the sorted classes of a set, its label order; whole numbers are sorted by value.

    Example:
      >>> class_names([Entry(f"{c}/a.png", "train", c, "a") for c in ("10", "2")])
      ('2', '10')
    """
    names = {entry.label for entry in found}
    numbers = all(name.isdecimal() for name in names)
    return tuple(sorted(names, key=lambda name: (int(name), name) if numbers else name))


def check_classes(what: str, found: Sequence[Entry]) -> None:
    """Refuses a set, named by ``what`` in messages, on which no classifier can be trained.

    Raises:
      UserError: for fewer than two classes, no test images, or a class without training images.
    """
    classes = class_names(found)
    if len(classes) < 2:
        raise UserError(
            f"{what} holds {len(classes)} class{'es' * (not classes)}; needs two or more"
        )
    for split in {"train", "test"} | {entry.split for entry in found}:
        if not any(entry.split == split for entry in found):
            raise UserError(f"{what} holds no images in {split}")
    trained = {entry.label for entry in found if entry.split == "train"}
    for name in classes:
        if name not in trained:
            raise UserError(f"{what}: class {name} has no image in train")


def _cut(found: Sequence[Entry], cut: CutOptions) -> list[Entry]:
    """Assigns splits to entries that have none."""
    classes = class_names(found)
    labels = [classes.index(entry.label) for entry in found]
    assigned = splitting.split(labels, [entry.group for entry in found], **cut._asdict())
    return [entry._replace(split=name) for entry, name in zip(found, assigned, strict=True)]


def _refuse_other_folders(folder: pathlib.Path, splits: Sequence[str]) -> None:
    others = sorted(x.name for x in folder.iterdir() if x.is_dir() and not _hidden(x))
    others = [name for name in others if name not in splits]
    if others:
        raise UserError(
            f"{folder} holds {', '.join(others)} beside {', '.join(splits)}: name the splits "
            "train, val and test, and keep other folders elsewhere"
        )


def _of_classes(root: pathlib.Path, part: pathlib.Path, split: str | None) -> list[Entry]:
    """Lists the files of a folder of class folders."""
    found, others = [], set()
    for folder in sorted(x for x in part.iterdir() if x.is_dir() and not _hidden(x)):
        for file in folder.iterdir():
            if _hidden(file):
                continue
            if file.is_dir():
                raise UserError(f"{file} is a folder inside a class; files lie in {folder} itself")
            if not decoding.is_picture(file):
                others.add(file.name)
                continue
            name = file.relative_to(root).as_posix()
            found.append(Entry(name, split, folder.name, name))
    if others:
        kinds = sorted({pathlib.Path(name).suffix or "no suffix" for name in others})
        _log.info("data: %d files of %s have no suffix of an image: %s", len(others), part, kinds)
    return found


def _of_table(folder: pathlib.Path, table: pathlib.Path) -> list[Entry]:
    """Lists the files of a table."""
    header, rows = _rows(table)
    found, seen = [], set()
    for number, row in enumerate(rows, start=2):
        values = {column: (row.get(column) or "").strip() for column in _COLUMNS}
        missing = [c for c in _COLUMNS if c in header and not values[c]]
        if missing:
            raise UserError(f"{table}, line {number}: no {missing[0]}")
        name = pathlib.PurePath(os.path.normpath(values["file"])).as_posix()
        if name in seen:
            raise UserError(f"{table}, line {number}: {name} is listed twice")
        if not (folder / name).is_file():
            raise UserError(f"{table}, line {number}: no file {folder / name}")
        if not decoding.is_picture(folder / name):
            raise UserError(
                f"{table}, line {number}: {name} has no suffix of an image; choose from: "
                f"{', '.join(decoding.SUFFIXES)}"
            )
        seen.add(name)
        found.append(Entry(name, None, values["label"], values["patient"] or name))
    patients = len({entry.group for entry in found})
    said = f"{patients} patients" if "patient" in header else "no patients: each file is one"
    _log.info("data: %s names %d files and %s", table, len(found), said)
    return found


def _rows(table: pathlib.Path) -> tuple[list[str], list[dict[str, str]]]:
    """Reads a table, and returns its header and its rows."""
    try:
        with open(table, newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read the table {table}: {error}") from error
    rows = [{str(k).strip().lower(): v for k, v in row.items()} for row in rows]
    header = list(rows[0]) if rows else []
    if not {"file", "label"} <= set(header):
        raise UserError(
            f"{table} needs rows under a header with {', '.join(_COLUMNS)} (patient may be "
            f"missing), got {', '.join(map(str, header)) or 'none'}"
        )
    close = [c for c in header if c != "patient" and c.startswith(("patient", "subject"))]
    if close and "patient" not in header:
        raise UserError(
            f"{table} has a column {close[0]}: call it patient if its images belong together, "
            "or drop it if each file counts as a patient"
        )
    return header, rows


def _hidden(path: pathlib.Path) -> bool:
    return path.name.startswith((".", "__MACOSX"))
