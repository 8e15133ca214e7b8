"""Folders of the files of a table that may be its patients, though no column says so."""

from collections.abc import Hashable, Mapping

from medjax.data import class_names, splitting
from medjax.data.pictures.listing import class_warnings
from medjax.data.pictures.listing.patients import in_several
from medjax.data.pictures.table_rows import id_columns
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Table


def question(
    table: Table, columns: Columns, labels: Mapping[str, Hashable], splits: Mapping[str, str]
) -> list[str]:
    """Returns a warning of folders that may be the patients of a table that names none.

    It is the first level of folders whose names look like identifiers (``id_columns.are_ids``) and
    are no classes, no splits and no numbered parts of the set.

    Args:
      table: the table.
      columns: its columns.
      labels: the label of each file, whose path is relative to the set's folder.
      splits: the official split of each file; empty for a set that is cut.
    """
    if columns.patient is not None or "patient" in columns.given:
        return []
    parts = {file: file.split("/")[:-1] for file in labels}
    for level in range(min(map(len, parts.values()), default=0)):
        folders = {file: names[level] for file, names in parts.items()}
        if class_warnings.are_parts(set(folders.values())) or _are_classes(folders, labels):
            continue
        if not id_columns.are_ids("id", folders, labels):
            continue
        example = next(iter(folders.values()))
        expression = "^" + "[^/]+/" * level + "([^/]+)/"
        setting = f"data.folder.patients='{expression}'"
        if not splits:
            return [
                f"{table.path}: several images lie in one folder, such as {example}; if a folder "
                f"holds one patient, {setting} keeps its images in one split"
            ]
        pairs = ((folder, splits[file]) for file, folder in folders.items())
        if found := in_several(pairs, "folder", "folders"):
            return [
                f"{table.path}: perhaps leakage: {found}; if a folder such as {example} holds one "
                f"patient, {setting} counts patients"
            ]
        return []
    return []


def _are_classes(folders: Mapping[str, str], labels: Mapping[str, Hashable]) -> bool:
    """Returns whether folders are another name of the labels, or some of them are splits."""
    names = set(folders.values())
    pairs = {(folder, labels[file]) for file, folder in folders.items()}
    same = len(pairs) == len(names) == len({label for _, label in pairs})
    spelled = {class_names.plain(str(label)) for label in labels.values()}
    return (
        same
        or {class_names.plain(x) for x in names} <= spelled
        or any(map(splitting.split_named, names))
    )
