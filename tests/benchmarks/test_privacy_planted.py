"""Alarms for images that are no distillation: what is counted."""

import importlib

import pytest


@pytest.fixture
def bench():
    return importlib.import_module("privacy_planted")


def test_the_table(bench):
    rows = [{"planted": bench.HELD_OUT, "found": []} for _ in range(100)]
    rows += [{"planted": "means of 20 members", "found": found} for found in ([], ["pixels"])]
    assert bench.table(rows).splitlines()[2:] == [
        "| held-out images | 0 of 100 | 0.000–0.036 |",
        "| means of 20 members | 1 of 2 | 0.013–0.987 |",
    ]
