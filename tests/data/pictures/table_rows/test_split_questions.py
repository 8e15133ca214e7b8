"""Columns of folds, hold-outs and cohorts that are not read: a warning names the setting."""

import pathlib

import pytest

from medjax.data.pictures.table_rows import split_questions
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Row, Table


def asked(name, values, given=None):
    rows = tuple(Row(n + 2, (str(n), "xy"[n % 2], values[n % len(values)])) for n in range(40))
    table = Table(pathlib.Path("TABLE"), ("file", "label", name), rows, ",", "utf-8")
    return split_questions.unread(table, Columns(0, 1, None, (), given or {}), rows)


@pytest.mark.parametrize(
    "name",
    [
        *("kfold", "k_fold", "k-fold", "CV_Fold", "fold_id", "fold_nr", "FoldNr", "cv", "folds"),
        *("strat_fold", "stratified fold", "test_fold", "cv_split", "Fold No.", "fold1", "10-fold"),
    ],
)
def test_folds(name):
    (said,) = asked(name, "01234")
    if name == "kfold":
        assert said == (
            "TABLE: its column kfold holds 0, 1, 2, 3, 4 and is not read; "
            'data.folder.columns="split=kfold" with data.folder.folds="val=3,test=4" takes it for '
            "the splits"
        )
    assert f'split={name}"' in said
    assert asked(name, "0") == asked(name, [str(n) for n in range(40)]) == []
    assert asked(name, "01234", {"split": ""}) == []


@pytest.mark.parametrize("name", ["is_holdout", "holdout", "Hold-Out", "held_out", "testset"])
@pytest.mark.parametrize("values", ["01", ["False", "True"], ["no", "yes"]])
def test_hold_outs(name, values):
    (said,) = asked(name, values)
    assert f'"split={name}" with data.folder.folds="test={values[1]}"' in said
    assert asked(name, ["0", "1", "2"]) == asked(name, "0") == []


@pytest.mark.parametrize(
    "values, folds",
    [
        (["development", "external validation"], "test=external validation"),
        (["Derivation cohort", "validation cohort"], "test=validation cohort"),
        (["Public", "Private"], "test=Private"),
        (["Training", "PublicTest", "PrivateTest"], "val=PublicTest,test=PrivateTest"),
        (["Training", "Public", "Private"], "val=Public,test=Private"),
        (["development", "internal validation", "External"], "val=internal validation,test=Ext"),
        (["train", "holdout"], "test=holdout"),
    ],
)
def test_cohorts(values, folds):
    (said,) = asked("which", values)
    assert f'"split=which" with data.folder.folds="{folds}' in said


@pytest.mark.parametrize(
    "name, values",
    [
        *(("insurance", ["private", "other"]), ("exam", ["internal", "external"])),
        *(("cohort", ["A", "B"]), ("manifold", "01234"), ("test", "01"), ("skinfold", "123")),
        *(("usage", ["drug", "none"]), ("school", ["public", "none"]), ("stage", ["development"])),
        *(("scaffold", "01"), ("result", ["test", "tested"]), ("cvd", "01")),
    ],
)
def test_others(name, values):
    assert asked(name, values) == []
