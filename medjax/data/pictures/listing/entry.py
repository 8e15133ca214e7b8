"""What the listing of a folder is made of: its options, its entries and what it found."""

import re
from typing import NamedTuple

from medjax.errors import UserError, unknown

PATIENT_FOLDERS = "folders"
UNCERTAIN = ("zeros", "ones", "ignore")
"""What uncertain findings may be; the names are those of CheXpert."""


class FolderOptions(NamedTuple):
    r"""How the files of a folder get their classes, patients and splits.

    Attributes:
      table: a CSV file with the columns ``file`` (relative to the folder), ``label`` and, if known,
        ``patient``, whose images stay in one split, and ``split``, the official splits; or several,
        as in ``"train.csv,valid.csv"``. Empty for classes by folder.
      columns: the table's own names for these columns, as in
        ``"file=image_id,label=dx,patient=lesion_id,split=fold"``, or their numbers from 1 if the
        table has no header; ``"label=NV,MEL"`` if each class has a column; ``"split="`` reads no
        splits and ``"patient="`` no patients.
      folds: which values of the split column are val and test, as in ``"val=3,test=4"``; all other
        rows are train. A split of several values is given several times.
      patients: ``"folders"`` if the folder below a class is a patient, as in
        ``CLASS/PATIENT/FILE``; or a regular expression that finds the patient in the path of a
        file, by its first group if it has any, as in ``"patient(\d+)"``. Empty if the table names
        the patients, or each file is one.
      skip_missing: whether rows are skipped whose file does not exist, or that have no row in a
        table that they are joined to; otherwise they are refused.
      skip_unlabelled: whether rows without a label are skipped; otherwise they are refused.
      findings: reads several findings of an image: what stands between them in the label column,
        as in ``"|"``, or the columns that hold them, as in ``"edema,effusion"``.
      uncertain: what uncertain findings (-1) are: ``"zeros"``, ``"ones"``, or ``"ignore"`` for
        neither trained nor scored on. Empty ones, which are not mentioned, are 0 with the first
        two and ignored with the third. Unless it is given, both are refused.
    """

    table: str = ""
    columns: str = ""
    folds: str = ""
    patients: str = ""
    skip_missing: bool = False
    skip_unlabelled: bool = False
    findings: str = ""
    uncertain: str = ""


class Entry(NamedTuple):
    """One image of a set, not decoded yet.

    Attributes:
      name: path relative to the set's folder, with forward slashes.
      split: ``"train"``, ``"val"`` or ``"test"``; None before the set is cut.
      label: class name; of several findings, 1, 0 or ``types.IGNORED`` for each.
      group: the patient, or the file itself; a group stays in one split.
    """

    name: str
    split: str | None
    label: str | tuple[int, ...]
    group: str


class Listing(NamedTuple):
    """The images of a folder, and what is to be said of them.

    Attributes:
      entries: the images.
      patients: whether the groups of the entries are patients.
      warnings: what may be wrong with the set, one line each.
      findings: the names of the findings, if an image may have several; else none.
      cut: ``"file"`` or ``"patient"`` once the set is cut by these; ``""`` for its own splits.
    """

    entries: list[Entry]
    patients: bool
    warnings: tuple[str, ...]
    findings: tuple[str, ...] = ()
    cut: str = ""


def check(options: FolderOptions) -> None:
    """Raises ``UserError`` for an unknown choice, or options that contradict or miss others."""
    _check_patients(options)
    if options.uncertain not in ("", *UNCERTAIN):
        raise unknown("data.folder.uncertain", options.uncertain, UNCERTAIN)
    for name in ("columns", "folds", "findings"):
        if getattr(options, name) and not options.table:
            raise UserError(f"data.folder.{name} is for a table: name it with data.folder.table")
    if options.uncertain and not options.findings:
        raise UserError(
            f"data.folder.uncertain={options.uncertain} is for findings: name them with "
            "data.folder.findings"
        )


def _check_patients(options: FolderOptions) -> None:
    setting = options.patients
    if setting == PATIENT_FOLDERS and options.table:
        raise UserError(
            f"data.folder.patients={setting} is for class folders; a table names the patients in a "
            'column, as in data.folder.columns="patient=NAME"'
        )
    if setting.isalpha() and setting != PATIENT_FOLDERS:
        raise unknown("data.folder.patients", setting, [PATIENT_FOLDERS, "a regular expression"])
    try:
        re.compile(setting)
    except (re.error, OverflowError) as error:
        raise UserError(
            f"data.folder.patients={setting} is no regular expression: {error}"
        ) from error
