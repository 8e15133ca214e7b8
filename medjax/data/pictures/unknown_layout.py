"""Says what a folder holds whose layout is not understood, and the command that may read it."""

import collections
import pathlib
import shlex
from collections.abc import Iterable, Sequence

from medjax.data.pictures import columns, decoding, tables
from medjax.data.pictures.file_index import FileIndex
from medjax.data.pictures.listing import PATIENT_FOLDERS
from medjax.data.pictures.tables import Table
from medjax.errors import UserError

_SUFFIXES = (".csv", ".tsv", ".txt")
_SHOWN = 5


def error(folder: pathlib.Path, files: Sequence[str], reason: str) -> UserError:
    """Returns the error for a folder that is not understood.

    Args:
      folder: the folder.
      files: all files below it, from ``file_index.walk``.
      reason: what is not understood, the start of the line.

    Returns:
      The error: the reason, the folders, kinds of files and tables, and a command that may read it.
    """
    found = _tables(folder, files)
    tops = sorted({file.split("/")[0] for file in files if "/" in file})
    kinds = collections.Counter(pathlib.PurePath(file).suffix.lower() for file in files)
    seen = [f"{count} × {kind or 'no suffix'}" for kind, count in kinds.most_common()]
    seen = [f"the folders {_some(tops)}"] * bool(tops) + [_some(seen)] * bool(seen)
    seen += [f"the table {x.path.relative_to(folder)} with {_some(x.header)}" for x in found]
    command = _command(folder, files, found)
    return UserError(
        f"{reason}; {folder} holds {'; '.join(seen) or 'no files'}; "
        + (f"this may read it: python -m medjax.data {command}" if command else _layouts(folder))
    )


def _tables(folder: pathlib.Path, files: Sequence[str]) -> list[Table]:
    """Returns the tables at the top of a folder or one below, those without columns aside."""
    near = [x for x in files if x.count("/") < 2 and x.lower().endswith(_SUFFIXES)]
    found = []
    for file in sorted(near, key=lambda x: (x.count("/"), x))[:_SHOWN]:
        try:
            table = tables.read(folder / file)
        except UserError:  # some other text
            continue
        if len(table.header) > 1 and table.rows:
            found.append(table)
    return found


def _command(folder: pathlib.Path, files: Sequence[str], found: Sequence[Table]) -> str:
    """Returns the flags that may read the folder, or an empty text."""
    name = f"--name={shlex.quote(f'folder:{folder}')}"
    index = FileIndex(folder, files, is_picture=decoding.is_picture)
    for table in found:
        likely = columns.guess(table, index.has)
        if "file" in likely and index.has(table.rows[0].cells[table.header.index(likely["file"])]):
            flags = [name, f"--folder.table={shlex.quote(str(table.path))}"]
            setting = columns.suggested(table, {}, index.has)
            return " ".join([*flags, *([f'--folder.columns="{setting}"'] if setting else [])])
    pictures = [file.split("/") for file in files if decoding.is_picture(folder / file)]
    depths = {len(parts) for parts in pictures}
    tops = {parts[0] for parts in pictures}
    if depths == {3} and len(tops) == 1:
        return f"--name={shlex.quote(f'folder:{folder / tops.pop()}')}"
    if len(tops) > 1 and min(depths) > 2:
        return f"{name} --folder.patients={PATIENT_FOLDERS}"
    return ""


def _layouts(folder: pathlib.Path) -> str:
    return (
        f"images lie in {folder}/train/CLASS/FILE or {folder}/CLASS/FILE, with a suffix of: "
        f"{', '.join(decoding.SUFFIXES)}; or data.folder.table names a table of them"
    )


def _some(names: Iterable[str]) -> str:
    """Returns the first few names."""
    names = list(names)
    return ", ".join(names[:_SHOWN]) + ", …" * (len(names) > _SHOWN)
