"""Splits that a table gives by words, by folds, or by yes and no."""

import pathlib

import pytest

from medjax.data.pictures.table_rows import official_splits
from medjax.data.pictures.tables import columns
from medjax.data.pictures.tables.table import Row, Table
from medjax.errors import UserError


def splits(cells, *, name="split", setting="", folds=""):
    rows = tuple(Row(i, (f"{i}.png", "x", cell)) for i, cell in enumerate(cells, start=2))
    table = Table(pathlib.Path("TABLE"), ("file", "label", name), rows, ",", "utf-8")
    chosen = columns.choose(table, setting, is_file=lambda _: False, labelled=True, grouped=False)
    found, warnings = official_splits.of_rows(table, chosen, rows, folds=folds)
    return [found[row] for row in rows] if found else [], warnings


def refused(*args, **kwargs):
    with pytest.raises(UserError) as caught:
        splits(*args, **kwargs)
    return str(caught.value)


def test_val_can_be_tested_on():
    said = refused(["train", "Valid"])
    assert "leaves no test, it holds Valid, train; " in said
    assert 'data.folder.folds="test=Valid" tests on Valid; data.folder.columns="split="' in said
    assert splits(["train", "Valid"], folds="test=Valid")[0] == ["train", "test"]
    assert "tests on" not in refused(["Valid", "test"])


def test_words_are_splits():
    cells = ["Training", "TEST", "dev", "valid", "testing", "validation set"]
    assert splits(cells) == (["train", "test", "val", "val", "test", "val"], [])
    assert splits(["train", "test"], name="Fold")[0] == ["train", "test"]
    assert splits(["train", "test"], name="who", setting="split=who")[0] == ["train", "test"]


def test_no_column_gives_no_splits():
    assert splits(["train", "test"], setting="split=") == ([], [])
    assert splits(["", "nan"]) == ([], [])


def test_folds():
    cells = ["0", "1", "2", "1.0"]
    found, (said,) = splits(cells, name="fold")
    assert not found and 'as in data.folder.folds="val=1,test=2"; all others' in said
    assert splits(cells, folds="test=1")[0] == ["train", "test", "train", "test"]
    assert splits(cells, folds="val=0, test=1.0")[0] == ["val", "test", "train", "test"]
    assert splits(cells, folds="test=1,test=2")[0] == ["train", "test", "test", "test"]
    assert splits(["a", "b, c"], folds="test=b, c")[0] == ["train", "test"]


@pytest.mark.parametrize(
    "cells, options, message",
    [
        (["train", "holdout"], {}, 'data.folder.folds="val=VALUE,test=VALUE"'),
        (["te", "tr"], {}, 'data.folder.folds="val=VALUE,test=VALUE"'),
        (["trian", "train", "test"], {}, 'data.folder.folds="val=VALUE,test=test"'),
        (["0", "1"], {"name": "f", "setting": "split=f"}, 'data.folder.folds="test=1"'),
        (["train", "test", ""], {}, "no split in 1 of 3 rows, the first in line 4: 4.png"),
        (["train", "val"], {}, "leaves no test, it holds train, val"),
        (["test", "test"], {}, 'leaves no train, it holds test; data.folder.columns="split="'),
        (["0", "1"], {"folds": "test=2"}, "unknown value of the column split '2'"),
        (["0", "1"], {"folds": "tset=1"}, "(did you mean 'test'?)"),
        (["0", "1"], {"folds": "train=1"}, "unknown split in data.folder.folds 'train'"),
        (["0", "1"], {"folds": "1"}, 'data.folder.folds takes pairs, as in "val=3,test=4"'),
        (["0", "1"], {"folds": "val=1"}, "leaves no test"),
        (["0", "1"], {"folds": "val=1, test=1"}, "folds takes 1 for val and test: keep one"),
        (["0", "1"], {"folds": "val=1.0,test=1"}, "folds takes 1 for val and test: keep one"),
        (["0", "1"], {"folds": "val=0,test=1"}, "leaves no train"),
        (["0", "1"], {"folds": "test=1", "name": "x"}, "TABLE has no column of splits"),
    ],
)
def test_what_is_refused(cells, options, message):
    assert message in refused(cells, **options)


@pytest.mark.parametrize("cells", [["A", "B"], ["0", "1"]])
def test_other_words_in_a_column_that_may_mean_anything(cells):
    found, (said,) = splits(cells, name="set")
    assert not found and f"its column set holds {', '.join(cells)}, not train, val" in said


def test_columns_of_yes_and_no():
    for setting in ("", "split=is_test"):
        assert splits(["1", "0"], name="is_test", setting=setting) == (["test", "train"], [])
    assert splits(["True", "False"], name="isTrain") == (["train", "test"], [])
    assert splits(["1", "0"], name="is_test", setting="split=") == ([], [])
    said = refused(["0", "0"], name="is_test")
    assert said == 'TABLE: is_test leaves no test; data.folder.columns="split=" cuts the set anew'
    assert "no split in 1 of 3 rows, the first in line 3: 3.png; fill is_test; " in refused(
        ["0", "", "1"], name="is_test"
    )


def test_a_column_of_val_alone_is_told():
    found, (said,) = splits(["1", "0"], name="is_valid")
    assert not found and said == (
        "TABLE: its column is_valid leaves no test and is not read; data.folder.columns="
        '"split=is_valid" with data.folder.folds="test=1" tests on what it marks'
    )
    assert splits(["1", "0"], name="is_valid", setting="split=is_valid", folds="test=1")[0] == [
        "test",
        "train",
    ]
    assert 'data.folder.folds="test=1"' in refused(
        ["1", "0"], name="is_valid", setting="split=is_valid"
    )


def test_splits_under_an_unknown_name_are_not_passed_over_in_silence():
    found, (said,) = splits(["train", "test"], name="cohort")
    assert not found and 'data.folder.columns="split=cohort" takes it for the splits' in said
    assert splits(["train", "other"], name="cohort") == ([], [])
