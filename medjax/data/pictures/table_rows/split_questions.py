"""Columns of a table that seem to hold splits or folds, but are called something else."""

import re
from collections.abc import Sequence

from medjax.data import class_names, splitting
from medjax.data.medmnist.registry import SPLITS
from medjax.data.pictures.tables import findings
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table, is_empty

_MANY = 20  # folds
_SIGNS = re.compile(r"[\W_]+")
_FOLDS = re.compile(
    r"(test|val|outer|inner)?((k|n|cv|kcv|strat\w*|cross\w*|group|random|\d+)?folds?|cv|crossval\w*)"
    r"(split|set|group)?(ids?|nr|no|num|number|idx|index|\d+)?"
)
_HELD_OUT = re.compile(r"(is|in)?(hold|held)outs?(set|data)?|testset|intest(set)?|test(flag|only)")
_TRAINED = re.compile(r"train(ing)?|develop(ment)?|dev|derivation|discovery|construction|public")
_TESTED = re.compile(
    r"(hold|held)out|external(ly)?|private|(private|external|independent|temporal)"
    r"(test|validation|valid|val|set|cohort)+|test(ing)?"
)
_BETWEEN = re.compile(r"(internal|public)(test|validation|val|set|cohort)*|val(id(ation)?)?|tuning")
_TAIL = re.compile(r"(?<=.)(set|cohort|data)$")


def unread(table: Table, columns: Columns, rows: Sequence[Row]) -> list[str]:
    """Returns warnings of columns that seem to hold splits and are not read.

    They are a column that holds words for train and test, also those of cohorts (``development``,
    ``external validation``) and of challenges (``Public``, ``Private``); one whose name is that of
    folds, such as ``kfold`` or ``CV_Fold``, and which holds up to 20 values that rows share;
    and one of yes and no whose name is that of a hold-out. None is looked for if the setting names
    a column of splits, or none.

    Args:
      table: the table.
      columns: its columns.
      rows: the rows that are read.
    """
    if "split" in columns.given:
        return []
    used = {columns.file, columns.label, columns.patient, *columns.splits}
    found = []
    for place in (x for x in range(len(table.header)) if x not in used):
        cells = {row.cells[place] for row in rows}
        values = class_names.in_order(cell for cell in cells if not is_empty(cell))
        if folds := _question(table.header[place], values, len(rows)):
            name = table.header[place]
            found.append(
                f"{table.path}: its column {name} holds {', '.join(values)} and is not read; "
                f"{columns.setting('split', name)}{folds.rstrip()} takes it for the splits"
            )
    return found


def _question(name: str, values: Sequence[str], rows: int) -> str:
    """Returns what stands behind the setting that takes a column for the splits; or nothing."""
    plain = _SIGNS.sub("", name.casefold())
    if {"train", "test"} <= set(map(splitting.split_named, values)) <= set(SPLITS):
        return " "
    if _HELD_OUT.fullmatch(plain) and {findings.yes_or_no(x) for x in values} == {0, 1}:
        return _with(test=next(value for value in values if findings.yes_or_no(value)))
    numbers = None not in map(class_names.number, values)
    if _FOLDS.fullmatch(plain) and 1 < len(values) <= min(_MANY, rows // 2):
        if numbers and len(values) > 2:
            return _with(val=values[-2], test=values[-1])
        return _with(test=values[-1])
    return _of_cohorts(values)


def _of_cohorts(values: Sequence[str]) -> str:
    """Returns what stands behind the setting for words of cohorts and challenges; or nothing."""
    words = {value: _TAIL.sub("", _SIGNS.sub("", value.casefold())) for value in values}
    kinds = {value: _kind(word) for value, word in words.items()}
    if list(kinds.values()).count("train") > 1:  # a public test beside what is trained on
        kinds |= {value: "val" for value, word in words.items() if word == "public"}
    tests = [value for value in values if kinds[value] == "test"]
    tuned = [value for value in values if kinds[value] == "val"]
    if None in kinds.values() or len(set(words.values())) < 2 or "train" not in kinds.values():
        return ""
    if not tests:  # what is not trained on is tested on
        tests, tuned = tuned, []
    return _with(**{k: v[0] for k, v in (("val", tuned), ("test", tests)) if v}) if tests else ""


def _kind(word: str) -> str | None:
    """Returns the part that a word has in the making of a model."""
    if _TRAINED.fullmatch(word):
        return "train"
    return "val" if _BETWEEN.fullmatch(word) else "test" if _TESTED.fullmatch(word) else None


def _with(**folds: str) -> str:
    listed = ",".join(f"{split}={value}" for split, value in folds.items())
    return f' with data.folder.folds="{listed}"'
