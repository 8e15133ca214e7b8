"""The benchmarks are scripts beside each other, not a package."""

import pathlib

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks_on_path(monkeypatch):
    """Imports them as a script of that folder would."""
    monkeypatch.syspath_prepend(str(FOLDER))
