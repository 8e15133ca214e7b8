"""Folders of a table's files that may be patients."""

import pathlib

import pytest

from medjax.data.pictures.table_rows import patient_folders
from medjax.data.pictures.tables.columns import Columns
from medjax.data.pictures.tables.table import Table

TABLE = Table(pathlib.Path("TABLE"), ("file", "label"), (), ",", "utf-8")


def asked(path, label=lambda n: n // 3 % 2, given=None, split=None):
    files = [path(n) for n in range(60)]
    splits = {file: split(n) for n, file in enumerate(files)} if split else {}
    labels = {file: label(n) for n, file in enumerate(files)}
    return patient_folders.question(TABLE, Columns(0, 1, None, (), given or {}), labels, splits)


@pytest.mark.parametrize(
    "path, expression",
    [
        (lambda n: f"PAT{n // 3:03d}/{n * 7919 % 100003}.png", "^([^/]+)/"),
        (lambda n: f"PAT{n // 3:03d}/ST{n % 3}/{n}.png", "^([^/]+)/"),
        (lambda n: f"scans/{n // 3:03d}/{n}.png", "^[^/]+/([^/]+)/"),
        (lambda n: f"scans/{'ab'[n % 2]}/sub-{n // 6:03d}/{n}.png", "^[^/]+/[^/]+/([^/]+)/"),
    ],
)
def test_folders_of_patients(path, expression):
    (said,) = asked(path)
    assert said.endswith(
        f"if a folder holds one patient, data.folder.patients='{expression}' keeps its images in "
        "one split"
    )
    assert asked(path, given={"patient": ""}) == []


def test_official_splits():
    def path(n):
        return f"PAT{n // 3:03d}/{n}.png"

    assert asked(path, split=lambda n: "train" if n < 30 else "test") == []
    (said,) = asked(path, split=lambda n: "train" if n < 31 else "test")
    assert "perhaps leakage: 1 folder is in train and test" in said


@pytest.mark.parametrize(
    "path, label",
    [
        (lambda n: f"{n}.png", lambda n: n % 2),
        (lambda n: f"PAT{n}/1.png", lambda n: n % 2),
        (lambda n: f"images_{n % 7:03d}/{n}.png", lambda n: n % 2),
        (lambda n: f"batch_{n // 5}/{n}.png", lambda n: n // 5 % 2),
        (lambda n: f"fold{n % 10}/{n}.png", lambda n: n % 2),
        (lambda n: f"grade{n % 10}/{n}.png", lambda n: n % 10),
        (lambda n: f"{n % 10}/{n}.png", lambda n: str(n % 10)),
        (lambda n: f"2019-03-{1 + n // 3:02d}/{n}.png", lambda n: n // 3 % 2),
        (lambda n: f"{('train', 'test')[n % 2]}/{n}.png", lambda n: n // 3 % 2),
        (lambda n: f"{n % 20}/{n}.png", lambda n: n // 20 % 2),
    ],
)
def test_others(path, label):
    assert asked(path, label) == []
