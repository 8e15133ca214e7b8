"""Guesses which column of a table is what, for messages."""

import re
from collections.abc import Callable, Mapping

from medjax.data import splitting
from medjax.data.pictures import decoding
from medjax.data.pictures.tables import findings, one_hot, split_flags
from medjax.data.pictures.tables.column_setting import ROLES, SETTING, joined
from medjax.data.pictures.tables.table import BY_NAME, Table
from medjax.errors import UserError

SPLITS = ("split", "subset", "partition", "set", "fold", BY_NAME)
"""The columns that may hold official splits, the likeliest first."""
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
        *("pid", "person", "personid", "case", "caseid", "casenumber", "fall", "fallnummer"),
        *("lesion", "lesionid", "study", "studyid", "studyinstanceuid", "studyuid", "exam"),
        *("examid", "accession", "accessionnumber", "accessionno", "seriesinstanceuid"),
        "seriesuid",
    ),
    "split": SPLITS,
}
_PATIENTS = re.compile(
    r"(id|nr|no)?(patient(en)?|subj(ect)?|proband(en)?)s?(id|no|nr|num|number|nummer|name|code|key|"
    r"index|uid|identifier|kennung)?|(mrn|medicalrecord)(id|no|nr|num|number)?"
)
_PERSONS = ("participant", "participantid", "pid", "person", "personid", "caseid")
_STUDIES = re.compile(r"(study|exam|accession|series)\w*|id")
_LOOKED_AT = 50  # rows


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
    likely = [name for name in likely if not split_flags.flagged(name)]
    if likely:
        fits = one_hot.fits(table, likely)
        shown["label"], likely = (",".join(likely), []) if fits else ("label", likely)
    others = {role: name for role, name in shown.items() if name.casefold() != role}
    settings = {"columns": joined(others), "findings": ",".join(likely)}
    return {name: value for name, value in settings.items() if value}


def are_patients(name: str) -> bool:
    """Returns whether a column's name says that it holds patients.

    Example:
      >>> are_patients("Patient ID"), are_patients("Patient Age")
      (True, False)
    """
    return _PATIENTS.fullmatch(_plain(name)) is not None


def are_persons(name: str) -> bool:
    """Returns whether a column's name probably says that it holds persons.

    Example:
      >>> are_persons("pid"), are_persons("lesion_id")
      (True, False)
    """
    return _plain(name) in _PERSONS


def are_units(name: str) -> bool:
    """Returns whether a column's name is that of persons or lesions, whose images belong together.

    Example:
      >>> are_units("lesion_id"), are_units("StudyInstanceUID"), are_units("ID")
      (True, False, False)
    """
    return patient_rank(name) is not None and not _STUDIES.fullmatch(_plain(name))


def patient_rank(name: str) -> int | None:
    """Returns how far from certain it is that a column holds patients, or what they share.

    It is None for a column whose name says nothing of the kind.

    Example:
      >>> patient_rank("MRN") < patient_rank("lesion_id") < patient_rank("Study ID")
      True
      >>> patient_rank("age") is None
      True
    """
    if are_patients(name):
        return 0
    names = (*_NAMES["patient"], "id")
    return names.index(_plain(name)) + 1 if _plain(name) in names else None


def names_file(cell: str) -> bool:
    """Returns whether a cell has a suffix of an image.

    Example:
      >>> names_file("scan.PNG"), names_file("label")
      (True, False)
    """
    return cell.lower().endswith(decoding.SUFFIXES)


def refuse_no_header(table: Table, is_file: Callable[[str], bool] | None = None) -> None:
    """Refuses a table whose first line is a row already, and says what to do.

    Args:
      table: the table.
      is_file: tells whether a cell names a file of the folder; None if only suffixes tell it.

    Raises:
      UserError: if a cell of the header names a file.
    """
    looks = [names_file(cell) or bool(is_file and is_file(cell)) for cell in table.header]
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
        counts = {column: len(set(columns[column])) for column in left}
        several = [column for column in left if 1 < counts[column] < len(columns[column])]
        names[min(several or left, key=lambda column: counts[column])] = "label"
    numbers = {name: str(column + 1) for column, name in names.items() if name in ROLES}
    raise UserError(
        f"{table.path} has no header, its first line is a row already: number the columns with "
        f'{SETTING}="{joined(numbers)}", or write this line above it: '
        f"{table.delimiter.join(names.values())}"
    )


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
