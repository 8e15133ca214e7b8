"""Decides which column of a table holds the files, the labels, the patients and the splits."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from medjax.data import splitting
from medjax.data.pictures import decoding
from medjax.data.pictures.tables import Table
from medjax.errors import UserError, unknown

ROLES = ("file", "label", "patient", "split")
SPLIT_NAMES = ("split", "subset", "partition", "set", "fold")
# What others call these columns, without case, spaces and signs; the first ones are the best.
_NAMES = {
    "file": (
        *("file", "filename", "filepath", "image", "imageid", "imagename", "imagepath"),
        *("imagefile", "imagefilename", "imageindex", "img", "imgid", "imgname", "imgpath"),
        *("path", "dicomid", "dicom", "picture", "scan", "scanid", "slice", "isicid", "id", "name"),
    ),
    "label": (
        *("label", "labels", "dx", "diagnosis", "diagnose", "class", "classname", "classlabel"),
        *("finding", "findings", "findinglabels", "target", "category", "disease", "pathology"),
        *("grade", "level", "severity", "outcome", "result", "type", "y"),
    ),
    "patient": (
        *("patient", "patientid", "subject", "subjectid", "participant", "participantid"),
        *("pid", "person", "personid", "case", "caseid", "lesion", "lesionid", "study", "studyid"),
    ),
    "split": SPLIT_NAMES,
}
_LOOKED_AT = 50  # rows


class Columns(NamedTuple):
    """The places of the columns in the header; None for a column that the table lacks.

    Attributes:
      file: the column of the files.
      label: the column of the labels.
      patient: the column of the patients.
      splits: the columns that may hold the official splits, the likeliest first.
      named_split: whether the settings name the column of the splits.
    """

    file: int
    label: int | None
    patient: int | None
    splits: tuple[int, ...]
    named_split: bool


def choose(
    table: Table, setting: str, *, is_file: Callable[[str], bool], labelled: bool
) -> Columns:
    """Chooses the columns of a table.

    Args:
      table: the table.
      setting: the names of columns, as in ``"file=image_id,label=dx"``; all others have the names
        ``file``, ``label``, ``patient`` and ``split``, in any case.
      is_file: tells whether a cell names a file of the folder.
      labelled: whether a column of labels is needed.

    Returns:
      The columns.

    Raises:
      UserError: if the setting does not fit the table, the table has no header, or a column that is
        needed cannot be told.
    """
    if not table.header:
        raise UserError(f"{table.path} is empty: it needs rows under a header, as in file,label")
    given = parse(setting)
    wanted = {role: given.get(role, role) for role in ROLES}
    found = {role: place(table, name) if name else None for role, name in wanted.items()}
    absent = [role for role in ROLES if found[role] is None]
    needed = [role for role in ("file", "label")[: 1 + labelled] if role in absent]
    if needed or any(given.get(role) for role in absent):
        _refuse_no_header(table, is_file)
    for role in absent:
        if given.get(role):
            raise unknown(f"column of {table.path}", given[role], filter(None, table.header))
    if needed:
        raise UserError(_suggestion(table, given, needed, is_file))
    if not table.rows:
        raise UserError(f"{table.path} has a header ({table.names}) but no rows")
    if "patient" not in given:
        _refuse_unnamed_patients(table, found["patient"])
    splits = [found["split"]] if "split" in given else [place(table, x) for x in SPLIT_NAMES]
    return Columns(
        file=found["file"],
        label=found["label"],
        patient=found["patient"],
        splits=tuple(x for x in splits if x is not None and x != found["label"]),
        named_split=bool(given.get("split")),
    )


def parse(setting: str) -> dict[str, str]:
    """Returns the columns that a setting names, by role.

    Raises:
      UserError: for a role that does not exist, or text that is no list of names.

    Example:
      >>> parse("file=image_id, label=Finding Labels")
      {'file': 'image_id', 'label': 'Finding Labels'}
    """
    found = {}
    for role, name in pairs(setting, "data.folder.columns", "file=image_id,label=dx"):
        if role not in ROLES:
            raise unknown("column in data.folder.columns", role, ROLES)
        found[role] = name
    return found


def pairs(setting: str, name: str, example: str) -> list[tuple[str, str]]:
    """Splits ``"a=b,c=d"``, the value of the setting ``name``; a value may hold commas.

    Raises:
      UserError: if a part has no ``=``; the message shows the ``example``.
    """
    found = []
    for part in re.split(r",(?=\s*\w+\s*=)", setting) if setting.strip() else []:
        key, equals, value = part.partition("=")
        if not equals:
            raise UserError(f"{name} takes pairs, as in {example}; got {setting!r}")
        found.append((key.strip(), value.strip()))
    return found


def place(table: Table, name: str) -> int | None:
    """Returns the place of a column, in any case; None if there is none.

    Raises:
      UserError: if several columns have the name.
    """
    for names in (table.header, [x.casefold() for x in table.header]):
        wanted = name if names is table.header else name.casefold()
        if names.count(wanted) == 1:
            return names.index(wanted)
        if names.count(wanted) > 1:
            raise UserError(f"{table.path} has several columns called {name}: rename all but one")
    return None


def guess(table: Table, is_file: Callable[[str], bool]) -> dict[str, str]:
    """Returns the names of the columns that probably have each role, by role.

    Args:
      table: the table.
      is_file: tells whether a cell names a file of the folder.
    """
    left = {name: place for place, name in enumerate(table.header) if name}
    found = {}
    files = [name for name in left if any(is_file(x) for x in _cells(table, left[name]))]
    for role in ROLES:
        names = {re.sub(r"[\W_]", "", name).casefold(): name for name in left}
        if role == "file" and files:
            names = {key: name for key, name in names.items() if name in files}
        likely = [names[key] for key in _NAMES[role] if key in names]
        if role == "file":
            likely += files
        if likely:
            found[role] = likely[0]
            del left[likely[0]]
    return found


def _suggestion(
    table: Table, given: Mapping[str, str], needed: Sequence[str], is_file: Callable[[str], bool]
) -> str:
    """Returns the line that shows the setting for a table whose columns have other names."""
    return (
        f"{table.path} has no column called {' or '.join(needed)}, it has {table.names}: say "
        f'which they are with data.folder.columns="{suggested(table, given, is_file)}"'
    )


def suggested(table: Table, given: Mapping[str, str], is_file: Callable[[str], bool]) -> str:
    """Returns the value of ``data.folder.columns`` that probably fits a table, if it needs one.

    Args:
      table: the table.
      given: the columns that are known, by role.
      is_file: tells whether a cell names a file of the folder.
    """
    shown = {"file": "FILE_COLUMN", "label": "LABEL_COLUMN"} | guess(table, is_file) | given
    others = [role for role in ROLES if shown.get(role, role).casefold() != role]
    return ",".join(f"{role}={shown[role]}" for role in others)


def _refuse_no_header(table: Table, is_file: Callable[[str], bool]) -> None:
    """Refuses a table whose first line is a row already."""
    looks = [is_file(cell) or cell.lower().endswith(decoding.SUFFIXES) for cell in table.header]
    if not any(looks):
        return
    columns = list(zip(table.header, *(row.cells for row in table.rows), strict=True))
    names = dict.fromkeys(range(len(columns)), "")
    names[looks.index(True)] = "file"
    for place in [x for x, name in names.items() if not name]:
        if all(map(splitting.split_named, columns[place])):
            names[place] = "split"
    left = [x for x, name in names.items() if not name]
    names |= {x: f"column{x + 1}" for x in left}
    if left:  # a label is what most rows share
        names[min(left, key=lambda x: len(set(columns[x])))] = "label"
    raise UserError(
        f"{table.path} has no header, its first line is a row already: write this line above it: "
        f"{table.delimiter.join(names.values())}"
    )


def _refuse_unnamed_patients(table: Table, patient: int | None) -> None:
    """Refuses a column that seems to hold patients and is not called so."""
    close = [x for x in table.header if re.fullmatch(r"(patient|subject)[\W_]*\w*", x.lower())]
    if patient is None and close:
        raise UserError(
            f"{table.path} has a column {close[0]}: if images of one belong together, use "
            f'data.folder.columns="patient={close[0]}"; if each file counts as a patient, use '
            'data.folder.columns="patient="'
        )


def _cells(table: Table, column: int) -> list[str]:
    return [row.cells[column] for row in table.rows[:_LOOKED_AT]]
