"""Runs every example in a docstring of medjax under the suite's strict settings."""

import doctest
import importlib
import pathlib
import types

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parent.parent / "medjax"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def module_names():
    for path in sorted(PACKAGE.rglob("*.py")):
        names = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if names[-1] != "__main__":
            yield ".".join(names).removesuffix(".__init__")


def run_examples(module):
    """Runs a module's examples; returns doctest's report of the failures and how many ran."""
    runner, report = doctest.DocTestRunner(optionflags=FLAGS), []
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(test, out=report.append)
    return "".join(report) if runner.failures else "", runner.tries


@pytest.mark.parametrize("name", list(module_names()))
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may write files
    failures, _ = run_examples(importlib.import_module(name))
    assert not failures, "\n" + failures


def test_examples_do_run():
    assert run_examples(importlib.import_module("medjax.errors")) == ("", 3)


def test_a_wrong_example_fails():
    module = types.ModuleType("wrong", ">>> 1 + 1\n3\n")
    failures, tries = run_examples(module)
    assert "Expected:\n    3\nGot:\n    2" in failures and tries == 1
