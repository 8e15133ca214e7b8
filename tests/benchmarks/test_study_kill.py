"""The script that kills a study: what it finds wrong, and a short run of it."""

import importlib
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return importlib.import_module("study_kill")


def test_what_is_wrong(script):
    assert script.faults([{}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}]) == []
    assert script.faults([{"a": 1}, {"a": 2}]) == ["a was finished and was done again"]
    assert script.faults([{"a": 1, "b": 1}, {"b": 1}]) == ["a was finished and is lost"]


def test_a_cheap_study_that_is_killed(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["study_kill.py", "--kills=4", "--longest=1.5"])
    assert script.main() == 0
    *lines, jobs, verdict = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and jobs.startswith("24 jobs; finished at kills: ")
    assert verdict == "nothing was lost or done again, and the tables are the same"
