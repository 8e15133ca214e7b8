"""Says what a folder holds whose layout is not understood, and the command that may read it."""

import collections
import pathlib
import shlex
from collections.abc import Iterable, Sequence

from medjax.data import splitting
from medjax.data.pictures import decoding
from medjax.data.pictures.listing import column_guesses, tables
from medjax.data.pictures.listing.entry import PATIENT_FOLDERS
from medjax.data.pictures.listing.file_index import FileIndex
from medjax.data.pictures.listing.names import kind
from medjax.data.pictures.listing.tables import Table
from medjax.errors import UserError

_TABLES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_SHOWN = 5


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
    seen = [f"folders: {_some(tops)}"] * bool(tops)
    seen += [f"files: {_some(f'{count} × {name}' for name, count in kinds)}"] * bool(kinds)
    seen += [f"table {x.path.relative_to(folder)}: {_some(x.header)}" for x in found]
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
            table = tables.read(index.folder / file)
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


def _with_folders(folder: pathlib.Path, files: Sequence[str]) -> str:
    """Returns the command for folders of patients, or one more folder, if there seem to be any."""
    pictures = [file.split("/") for file in files if decoding.is_picture(folder / file)]
    tops, depth = {parts[0] for parts in pictures}, min(map(len, pictures), default=0)
    split = any(map(splitting.split_named, tops))
    inside = folder.joinpath(*tops) if len(tops) == 1 and depth > 2 and not split else folder
    if depth - (split or inside != folder) > 2:
        return (
            f"if the folders inside classes are patients, use data.folder.patients="
            f"{PATIENT_FOLDERS}: {_command(inside, f'--folder.patients={PATIENT_FOLDERS}')}"
        )
    return f"if {inside} holds the classes: {_command(inside)}" if inside != folder else ""


def _command(folder: pathlib.Path, *flags: str) -> str:
    return shlex.join(["python", "-m", "medjax.data", f"--name=folder:{folder}", *flags])


def _some(names: Iterable[str]) -> str:
    """Returns the first few names."""
    names = list(names)
    return ", ".join(names[:_SHOWN]) + ", …" * (len(names) > _SHOWN)
