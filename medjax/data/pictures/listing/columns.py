"""Decides which column of a table holds the files, the labels, the patients and the splits."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from medjax.data import splitting
from medjax.data.pictures import decoding
from medjax.data.pictures.listing import findings, one_hot
from medjax.data.pictures.listing.tables import BY_NAME, Table
from medjax.errors import UserError, unknown

ROLES = ("file", "label", "patient", "split")
_SPLITS = ("split", "subset", "partition", "set", "fold", BY_NAME)
# What others call these columns, without case, spaces and signs; the likeliest come first.
_NAMES = {
    "file": (
        *("file", "filename", "filepath", "image", "imageid", "imagename", "imagepath", "idcode"),
        *("imagefile", "imagefilename", "imageindex", "img", "imgid", "imgname", "imgpath"),
        *("path", "dicomid", "dicom", "picture", "scan", "scanid", "slice", "isicid", "id", "name"),
    ),
    "label": (
        *("label", "labels", "dx", "diagnosis", "class", "classname", "classlabel"),
        *("finding", "findings", "findinglabels", "target", "category", "disease", "pathology"),
        *("grade", "level", "severity", "outcome", "result", "type", "y"),
    ),
    "patient": (
        *("patient", "patientid", "subject", "subjectid", "participant", "participantid"),
        *("pid", "person", "personid", "case", "caseid", "lesion", "lesionid", "study", "studyid"),
    ),
    "split": _SPLITS,
}
_PATIENTS = re.compile(r"(patient|subject)s?(id|no|nr|num|number|name|code|key|index|uid)?")
_LOOKED_AT = 50  # rows
_SETTING = "data.folder.columns"


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
        return f'{_SETTING}="{_joined({**self.given, role: name})}"'


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
        _refuse_no_header(table, is_file)
    for role in absent:
        if given.get(role):
            raise unknown(f"column of {table.path}", given[role], filter(None, table.header))
    if needed:
        raise _needed(table, given, needed, is_file)
    if not table.rows:
        raise UserError(f"{table.path} has a header ({table.names}) but no rows")
    places = [found["split"]] if "split" in given else [place(table, x) for x in _SPLITS]
    splits = tuple(x for x in places if x is not None and x != found["label"])
    if grouped and given.get("patient"):
        raise UserError(f"{_SETTING} and data.folder.patients both tell the patients: keep one")
    patient = None if grouped else found["patient"]
    chosen = Columns(found["file"], found["label"], patient, splits, given)
    if not grouped:
        _refuse_unnamed_patients(table, chosen)
    return chosen


def parse(setting: str) -> dict[str, str]:
    """Returns the columns that a setting names, by role.

    Raises:
      UserError: for a role that does not exist, or text that is no list of names.

    Example:
      >>> parse("file=image_id, label=Finding Labels")
      {'file': 'image_id', 'label': 'Finding Labels'}
    """
    found = {}
    for role, name in pairs(setting, name=_SETTING, example="file=image_id,label=dx"):
        if role not in ROLES:
            raise unknown(f"column in {_SETTING}", role, ROLES)
        found[role] = name
    return found


def pairs(setting: str, *, name: str, example: str) -> list[tuple[str, str]]:
    """Splits ``"a=b,c=d"``, the value of the setting ``name``; a value may hold commas.

    There may be brackets around all of it, which keep it together behind a config's colon.

    Raises:
      UserError: if a part has no ``=``; the message shows the ``example``.
    """
    found, text = [], setting.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    for part in re.split(r",(?=\s*\w+\s*=)", text) if text else []:
        key, equals, value = part.partition("=")
        if not equals:
            raise UserError(f'{name} takes pairs, as in "{example}"; got {setting!r}')
        found.append((key.strip(), value.strip()))
    return found


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
            f"one{f', or name one with {_SETTING}' if len(set(same)) > 1 else ''}"
        )
    return table.header.index(same[0]) if same else None


def guess(table: Table, is_file: Callable[[str], bool]) -> dict[str, str]:
    """Returns the names of the columns that probably have each role, by role.

    Args:
      table: the table.
      is_file: tells whether a cell names a file of the folder.
    """
    left = {name: place for place, name in enumerate(table.header) if name}
    rows = table.rows[:_LOOKED_AT]
    files = [name for name, place in left.items() if any(is_file(x.cells[place]) for x in rows)]
    found = {}
    for role in ROLES:
        names = {_plain(name): name for name in left}
        if role == "file" and files:
            names = {key: name for key, name in names.items() if name in files}
        likely = [names[key] for key in _NAMES[role] if key in names]
        likely += files if role == "file" else []
        if likely:
            found[role] = likely[0]
            del left[likely[0]]
    return found


def _needed(
    table: Table, given: Mapping[str, str], needed: Sequence[str], is_file: Callable[[str], bool]
) -> UserError:
    """Returns the error for a table without columns that are needed, with settings that may fit."""
    settings = suggested(table, given, is_file).items()
    shown = " and ".join(f'data.folder.{name}="{value}"' for name, value in settings)
    return UserError(
        f"{table.path} has no column called {' or '.join(needed)}, it has {table.names}: name them "
        f"with {shown}"
    )


def suggested(
    table: Table, given: Mapping[str, str], is_file: Callable[[str], bool]
) -> dict[str, str]:
    """Returns the settings of ``data.folder`` that probably fit a table, by name.

    Args:
      table: the table.
      given: the columns that are known, by role.
      is_file: tells whether a cell names a file of the folder.
    """
    shown = {"file": "FILE_COLUMN", "label": "LABEL_COLUMN"} | guess(table, is_file) | given
    likely = findings.likely(table) if shown["label"] == "LABEL_COLUMN" else []
    if likely:
        fits = one_hot.fits(table, likely)
        shown["label"], likely = (",".join(likely), []) if fits else ("label", likely)
    others = {role: name for role, name in shown.items() if name.casefold() != role}
    settings = {"columns": _joined(others), "findings": ",".join(likely)}
    return {name: value for name, value in settings.items() if value}


def shared_values(table: Table, columns: Columns) -> str:
    """Returns a warning of a column that may be the patients of a table that names none.

    Its values are those of several rows each, as the lesions of photographs are.
    """
    if columns.patient is not None or "patient" in columns.given:
        return ""
    for place, name in enumerate(table.header):
        values = {row.cells[place] for row in table.rows}
        if _plain(name) in _NAMES["patient"] and 1 < len(values) < len(table.rows):
            return (
                f"{table.path}: images that share a {name} may be in several splits; "
                f"{columns.setting('patient', name)} keeps them together"
            )
    return ""


def _refuse_unnamed_patients(table: Table, columns: Columns) -> None:
    """Refuses a column that seems to hold patients and is not called so."""
    if columns.patient is not None or "patient" in columns.given:
        return
    for place, name in enumerate(table.header):
        if place != columns.file and _PATIENTS.fullmatch(_plain(name)):
            raise UserError(
                f"{table.path} has a column {name}: if images of one belong together, use "
                f"{columns.setting('patient', name)}; if each file counts as a patient, use "
                f"{columns.setting('patient', '')}"
            )


def _refuse_no_header(table: Table, is_file: Callable[[str], bool]) -> None:
    """Refuses a table whose first line is a row already, and says what to write above it."""
    looks = [is_file(cell) or cell.lower().endswith(decoding.SUFFIXES) for cell in table.header]
    if not any(looks):
        return
    width = len(table.header) - (BY_NAME in table.header)
    columns = list(zip(table.header, *(row.cells for row in table.rows), strict=True))[:width]
    names = dict.fromkeys(range(width), "")
    names[looks.index(True)] = "file"
    for column, name in names.items():
        if not name and all(map(splitting.split_named, columns[column])):
            names[column] = "split"
    left = [column for column, name in names.items() if not name]
    names |= {column: f"column{column + 1}" for column in left}
    if left:  # many rows share a label
        names[min(left, key=lambda column: len(set(columns[column])))] = "label"
    numbers = {name: str(column + 1) for column, name in names.items() if name in ROLES}
    raise UserError(
        f"{table.path} has no header, its first line is a row already: number the columns with "
        f'{_SETTING}="{_joined(numbers)}", or write this line above it: '
        f"{table.delimiter.join(names.values())}"
    )


def _joined(named: Mapping[str, str]) -> str:
    """Returns the value of the setting that names columns."""
    return ",".join(f"{role}={named[role]}" for role in ROLES if role in named)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
