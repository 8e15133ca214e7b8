"""Says what a folder holds whose layout is not understood, and the command that may read it."""

import collections
import pathlib
import re
import shlex
from collections.abc import Collection, Sequence

from medjax.data import splitting
from medjax.data.pictures import decoding
from medjax.data.pictures.listing.entry import PATIENT_FOLDERS
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.listing.file_names import kind
from medjax.data.pictures.tables import column_guesses, reading
from medjax.data.pictures.tables.table import Table
from medjax.errors import UserError, some

_TABLES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_SHOWN = 5
_WORDS = re.compile(r"[^\W\d_a-z]?[^\W\d_A-Z]+|[^\W\d_a-z]+")  # of camelCase too


def error(folder: pathlib.Path, files: Sequence[str], reason: str) -> UserError:
    """Returns the error for a folder that is not understood.

    Args:
      folder: the folder.
      files: all files below it, from ``walk``.
      reason: what is not understood, the start of the line.

    Returns:
      The error: the reason; the folders, kinds of files and tables that were seen; and a command
      that may read them.
    """
    index = FileIndex(folder, files, is_picture=decoding.is_picture)
    found = _tables(index)
    tops = sorted({file.split("/")[0] for file in files if "/" in file})
    known = (decoding.object_kind(folder / file) or kind(file) for file in files)
    kinds = collections.Counter(known).most_common()
    seen = [f"folders: {some(tops, most=_SHOWN)}"] * bool(tops)
    counts = [f"{count} × {name}" for name, count in kinds]
    seen += [f"files: {some(counts, most=_SHOWN)}"] * bool(kinds)
    seen += [f"table {x.path.relative_to(folder)}: {some(x.header, most=_SHOWN)}" for x in found]
    way = (
        _with_table(index, found)
        or _with_folders(folder, files)
        or (
            f"images lie in {folder}/train/CLASS/FILE or {folder}/CLASS/FILE, with a suffix of "
            f"{', '.join(decoding.SUFFIXES)}, or data.folder.table names a table of them"
        )
    )
    return UserError(f"{reason} (found {'; '.join(seen) or 'no files'}); {way}")


def has_table(folder: pathlib.Path, files: Sequence[str]) -> bool:
    """Returns whether a table that names images lies in a folder, or one below.

    Args:
      folder: the folder.
      files: all files below it, from ``walk``.
    """
    index = FileIndex(folder, files, is_picture=decoding.is_picture)
    return bool(_with_table(index, _tables(index)))


def _tables(index: FileIndex) -> list[Table]:
    """Returns the tables at the top of a folder and one below, without texts of another kind."""
    near = [file for file in index.names if file.count("/") < 2 and file.lower().endswith(_TABLES)]
    found = []
    for file in sorted(near, key=lambda file: file.count("/"))[:_SHOWN]:
        try:
            table = reading.read(index.folder / file)
        except UserError:
            continue
        prose = table.delimiter == " " and not any(map(index.has, table.header))
        if len(table.header) > 1 and table.rows and not prose:
            found.append(table)
    return found


def _with_table(index: FileIndex, found: Sequence[Table]) -> str:
    """Returns the setting and the command that read the first table that names images, if any."""
    for table in found:
        column = column_guesses.guess(table, index.has).get("file")
        if column and index.has(table.rows[0].cells[table.header.index(column)]):
            settings = {"table": str(table.path), **column_guesses.suggested(table, {}, index.has)}
            flags = [f"--folder.{name}={value}" for name, value in settings.items()]
            command = _command(index.folder, *flags)
            return f"if the table names its images, use data.folder.table: {command}"
    return ""


def seem_splits(names: Collection[str]) -> bool:
    """Returns whether folders seem to be splits by words in their names, as ``train_v2`` does.

    Example:
      >>> seem_splits(["train_v2", "TestImages"]), seem_splits(["test_a", "test_b"])
      (True, False)
    """
    splits = [_split_in(name) for name in names]
    return None not in splits and len(set(splits)) == len(splits) > 1


def _split_in(name: str) -> str | None:
    """Returns the split that one word of a name names, or None if none or several do."""
    found = {splitting.split_named(word) for word in _WORDS.findall(name)} - {None}
    return found.pop() if len(found) == 1 else None


def _with_folders(folder: pathlib.Path, files: Sequence[str]) -> str:
    """Returns what to do with folders of splits or patients, or in others, if there seem to be."""
    parts = [file.split("/") for file in files if decoding.is_picture(folder / file)]
    inside = folder
    while True:
        tops, depth = {names[0] for names in parts}, min(map(len, parts), default=0)
        split = any(map(splitting.split_named, tops))
        if len(tops) != 1 or depth < 3 or split:
            break
        inside, parts = inside.joinpath(*tops), [names[1:] for names in parts]
    if not split and depth > 2 and seem_splits(tops):
        new = [f"{name} to {_split_in(name)}" for name in sorted(tops)]
        return f"if {' and '.join(sorted(tops))} are splits, rename {' and '.join(new)}"
    within = f"{inside} holds the classes" * (inside != folder)
    if depth - split > 2:
        command = _command(inside, f"--folder.patients={PATIENT_FOLDERS}")
        of = f"{within} and the folders inside them" if within else "the folders inside classes"
        return f"if {of} are patients, use data.folder.patients={PATIENT_FOLDERS}: {command}"
    return f"if {within}: {_command(inside)}" if within else ""


def _command(folder: pathlib.Path, *flags: str) -> str:
    return shlex.join(["python", "-m", "medjax.data", f"--name=folder:{folder}", *flags])
