"""Columns of yes and no that tell splits."""

import pathlib

import pytest

from medjax.data.pictures.tables import split_flags
from medjax.data.pictures.tables.table import Row, Table
from medjax.errors import UserError


def table(header, *lines):
    rows = tuple(Row(number, tuple(line.split(","))) for number, line in enumerate(lines, start=2))
    return Table(pathlib.Path("TABLE"), tuple(header.split(",")), rows, ",", "utf-8")


def splits(header, *lines):
    made = table(header, *lines)
    flags = split_flags.columns(made, made.rows, range(len(made.header)))
    return list(split_flags.of_rows(made, made.rows, flags).values()) if flags else []


@pytest.mark.parametrize(
    "name, split",
    [
        ("is_test", "test"),
        ("isTest", "test"),
        ("IS TRAIN", "train"),
        ("is-training", "train"),
        ("is_training_image", "train"),
        ("in_test_set", "test"),
        ("isvalidation", "val"),
        ("is_valid", "val"),
        ("is_dev", "val"),
        ("is_tested_positive", None),
        ("is_male", None),
        ("instance", None),
        ("test", None),
        ("", None),
    ],
)
def test_names(name, split):
    assert split_flags.flagged(name) == split


@pytest.mark.parametrize("yes, no", [("1", "0"), ("True", "FALSE"), ("yes", "no"), ("1.0", "0.0")])
def test_words_of_yes_and_no(yes, no):
    assert splits("file,is_test", f"a,{yes}", f"b,{no}") == ["test", "train"]
    assert splits("file,is_train", f"a,{yes}", f"b,{no}") == ["train", "test"]


def test_several_columns():
    rows = ("1,0", "0,1", "0,0")
    assert splits("is_train,is_test", *rows) == ["train", "test", "val"]
    assert splits("is_val,is_test", *rows) == ["val", "test", "train"]
    assert splits("is_train,is_val", *rows) == ["train", "val", "test"]


def test_rows_that_contradict():
    with pytest.raises(UserError) as caught:
        splits("is_train,is_test", "1,0", "1,1")
    assert str(caught.value) == (
        "TABLE, line 3: is_train and is_test are all yes; a row is in one split"
    )
    with pytest.raises(UserError, match="is_train and is_val and is_test are all no"):
        splits("is_train,is_val,is_test", "0,0,0")


def test_other_cells():
    assert splits("is_test", "a", "1") == [] and splits("is_test", "", "nan") == []
    assert splits("is_test", "0", "", "1") == ["train", "test"]
