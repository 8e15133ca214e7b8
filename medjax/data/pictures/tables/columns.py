"""Decides which column of a table holds the files, the labels, the patients and the splits."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from medjax.data.pictures.tables import column_guesses, split_flags
from medjax.data.pictures.tables.column_guesses import SPLITS
from medjax.data.pictures.tables.column_setting import ROLES, SETTING, joined, parse
from medjax.data.pictures.tables.table import Table
from medjax.errors import UserError, unknown


class Columns(NamedTuple):
    """The places of the columns in the header; None for a column that the table lacks.

    Attributes:
      file: the column of the files.
      label: the column of the labels.
      patient: the column of the patients.
      splits: the columns that may hold the official splits, the likeliest first.
      given: the names in the setting, by role.
    """

    file: int
    label: int | None
    patient: int | None
    splits: tuple[int, ...]
    given: Mapping[str, str]

    def setting(self, role: str, name: str) -> str:
        """Returns the setting with one more column, for a message."""
        return f'{SETTING}="{joined({**self.given, role: name})}"'


def choose(
    table: Table, setting: str, *, is_file: Callable[[str], bool], labelled: bool, grouped: bool
) -> Columns:
    """Chooses the columns of a table.

    Args:
      table: the table.
      setting: the names of columns, as in ``"file=image_id,label=dx"``; all others have the names
        ``file``, ``label``, ``patient`` and ``split`` (or ``subset``, ``partition``, ``set``,
        ``fold``), in any case.
      is_file: tells whether a cell names a file of the folder.
      labelled: whether a column of labels is needed.
      grouped: whether the patients are known, and no column is looked for.

    Returns:
      The columns.

    Raises:
      UserError: if the setting does not fit the table, the table has no header, or a column that is
        needed cannot be told.
    """
    given = parse(setting)
    wanted = {role: given.get(role, role) for role in ROLES}
    found = {
        role: place(table, name, spelled=role in given) if name else None
        for role, name in wanted.items()
    }
    absent = [role for role in ROLES if found[role] is None]
    needed = [role for role in ("file", "label")[: 1 + labelled] if role in absent]
    if not table.header:
        raise UserError(f"{table.path} is empty: it needs rows under a header, as in file,label")
    if needed or any(given.get(role) for role in absent):
        column_guesses.refuse_no_header(table, is_file)
    for role in absent:
        if given.get(role):
            raise unknown(f"column of {table.path}", given[role], filter(None, table.header))
    if needed:
        raise _needed(table, given, needed, is_file)
    if not table.rows:
        raise UserError(f"{table.path} has a header ({table.names}) but no rows")
    places = [found["split"]] if "split" in given else [place(table, x) for x in SPLITS]
    splits = tuple(x for x in places if x is not None and x != found["label"])
    if grouped and given.get("patient"):
        raise UserError(f"{SETTING} and data.folder.patients both tell the patients: keep one")
    patient = None if grouped else found["patient"]
    chosen = Columns(found["file"], found["label"], patient, splits, given)
    official = splits or any(map(split_flags.flagged, table.header))
    if not grouped and not official:  # patients do not change official splits
        refuse_unnamed_patients(table, chosen)
    return chosen


def place(table: Table, name: str, *, spelled: bool = False) -> int | None:
    """Returns the place of a column, in any case; None if there is none.

    Args:
      table: the table.
      name: the name.
      spelled: whether the name is spelled as in the table, if names differ in case only.

    Raises:
      UserError: if several columns have the name.
    """
    same = [x for x in table.header if x.casefold() == name.casefold()]
    if spelled and same.count(name) == 1:
        return table.header.index(name)
    if len(same) > 1:
        raise UserError(
            f"{table.path} has several columns called {name}: {', '.join(same)}; rename all but "
            f"one{f', or name one with {SETTING}' if len(set(same)) > 1 else ''}"
        )
    return table.header.index(same[0]) if same else None


def _needed(
    table: Table, given: Mapping[str, str], needed: Sequence[str], is_file: Callable[[str], bool]
) -> UserError:
    """Returns the error for a table without columns that are needed, with settings that may fit."""
    settings = column_guesses.suggested(table, given, is_file).items()
    shown = " and ".join(f'data.folder.{name}="{value}"' for name, value in settings)
    return UserError(
        f"{table.path} has no column called {' or '.join(needed)}, it has {table.names}: name them "
        f"with {shown}"
    )


def refuse_unnamed_patients(table: Table, columns: Columns) -> None:
    """Refuses a column that seems to hold patients and is not called so.

    Raises:
      UserError: if there is such a column, and no setting says whether it is read.
    """
    if columns.patient is not None or "patient" in columns.given:
        return
    for place, name in enumerate(table.header):
        if place != columns.file and column_guesses.are_patients(name):
            raise UserError(
                f"{table.path} has a column {name}: if images of one belong together, use "
                f"{columns.setting('patient', name)}; if each file counts as a patient, use "
                f"{columns.setting('patient', '')}"
            )
